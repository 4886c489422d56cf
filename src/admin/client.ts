'use client';
/** What the admin view runs in the browser. Payload finds it by its import map; `payload-kv/rsc` renders it. */
export { DocumentPurge } from './document-purge.js';
export { LiveCache } from './live-cache.js';
export { NavLink } from './nav-link.js';
