/** What flags of the commands that ask a site can be. */

/** The stores that can be asked without a site. */
export const SHARED_STORES = ['redis', 'cloudflare-kv'] as const;
export type SharedStoreName = (typeof SHARED_STORES)[number];

/** By what queries are sorted. */
export const TOP_ORDERS = ['count', 'saved', 'time', 'misses'] as const;
export type TopOrder = (typeof TOP_ORDERS)[number];

/** Where the addresses come from that are warmed. */
export const WARM_SOURCES = ['sitemap', 'urls', 'collections'] as const;
export type WarmSource = (typeof WARM_SOURCES)[number];
