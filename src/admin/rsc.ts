/** The admin view, as the server renders it. Payload finds it by its import map; `observe({ adminView: true })` names it. */
export { CacheNavLink } from './cache-nav-link.js';
export { CacheView } from './cache-view.js';
export { DocumentCache } from './document-cache.js';
