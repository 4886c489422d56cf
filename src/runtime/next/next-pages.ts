/**
 * Comes in: what is read while Next renders a page, and what is written. Goes out: pages that Next renders anew once
 * what they show was written.
 *
 * page-recorder.ts puts the tags of each read on the page. Then either Next is told of the tags of each write (push.ts,
 * and where no Next runs signed-request.ts and endpoint.ts), or cache-handler.ts and use-cache-handler.ts, which Next
 * loads in place of its own, compare versions (living-site.ts) and keep pages in the site's store.
 */
import { PayloadKVError } from '../../errors.js';
import type { Pages } from '../../interfaces/recorder.js';
import { revalidationEndpoint } from './endpoint.js';
import { currentPageRecorder, type Revalidation } from './page-recorder.js';
import { createPush } from './push.js';
import { loadWork } from './work.js';

/** Options of {@link nextPages}. */
export interface NextPagesOptions {
  /**
   * How pages learn of writes. `push`: Next is told after each write, by a call in the same process or by a signed request.
   * `handler`: Next's cache is `payload-kv/next/cache-handler`, which keeps pages in the site's store and compares
   * versions, so that nobody is told.
   */
  revalidate: Revalidation;
  /**
   * With `push`: the address of the site, for writes where no Next runs, such as scripts and jobs. Default
   * `PAYLOAD_KV_SITE_URL` of the environment, or `serverURL` of Payload's config.
   */
  url?: string;
}

/**
 * Makes the pages of a site on Next follow what they read: `payloadKV({ pages: nextPages({ revalidate: 'push' }) })`.
 *
 * @throws PayloadKVError `INVALID_PAGES`
 */
export function nextPages({ revalidate, url }: NextPagesOptions): Pages {
  if (revalidate !== 'push' && revalidate !== 'handler') {
    throw new PayloadKVError({
      code: 'INVALID_PAGES',
      message: `nextPages() needs revalidate: 'push' or 'handler', not ${JSON.stringify(revalidate)}.`,
      nextStep:
        "Give it { revalidate: 'push' }, or 'handler' together with the cache handler in next.config.",
    });
  }
  void loadWork();
  const recorder = (): ReturnType<Pages['recorder']> => currentPageRecorder(revalidate);
  if (revalidate === 'handler') return { name: 'next', recorder };
  const push = createPush(url);
  return {
    name: 'next',
    recorder,
    replaced: push.replaced,
    configure: (config) => ({ ...config, endpoints: [...(config.endpoints ?? []), revalidationEndpoint()] }),
  };
}
