/** What bundlers for Workers take in place of cache.ts, by the condition `workerd`: it exports the same. */
export { createCache } from './standalone/create-cache-in-workers.js';
