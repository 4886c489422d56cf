import { memory, type PayloadKVOptions, payloadKV, settleCache } from '../../src/runtime/index.js';
import { observe } from '../../src/runtime/observe.js';
import { type BlogOptions, type Started, startBlog } from '../support/payload.js';
import { startRest } from '../support/rest.js';

/** The secret of every test's site. */
export const SECRET = 'only-for-tests';

/** A site with a cache that is watched, over HTTP on the loopback. */
export interface ObservedSite extends Started {
  /** Such as `http://127.0.0.1:40123`. */
  url: string;
  /** Asks its REST API as a visitor, and waits until what that stores is stored. */
  visit(path: string): Promise<Response>;
}

/** Starts the blog with ten posts. */
export async function startObservedSite(
  options: Partial<PayloadKVOptions> = {},
  start: BlogOptions = {},
): Promise<ObservedSite> {
  const blog = await startBlog({
    seed: 10,
    ...start,
    plugins: [payloadKV({ store: memory(), observe: observe(), ...options })],
  });
  const rest = await startRest(blog);
  const url = rest.url.replace(/\/api$/, '');
  return {
    ...blog,
    url,
    async visit(path) {
      const response = await fetch(`${url}${path}`);
      await response.arrayBuffer();
      await settleCache(blog.payload);
      return response;
    },
    async stop() {
      await rest.stop();
      await blog.stop();
    },
  };
}
