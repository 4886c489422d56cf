/** What a site on Next adds to the runtime, so that its pages follow what was written. */
export { type NextPagesOptions, nextPages } from './next/next-pages.js';
