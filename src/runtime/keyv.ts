/** What a site with a backend of Keyv adds to the runtime. The Keyv is the site's own. */
export { type KeyvInstance, type KeyvOptions, keyv } from '../stores/keyv.js';
