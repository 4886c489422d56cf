/** Tells Next of the tags of a write: by a call where Next runs, else by a request to the site. */
import type { Payload } from 'payload';
import { instanceOf } from '../carried-instance.js';
import { NEXT_TAG } from './next-tags.js';
import { pushedTag, UNKNOWN } from './page-tags.js';
import { createRequests } from './signed-request.js';
import { type Work, work } from './work.js';

/** Tells Next of writes. */
export interface Push {
  replaced(tags: readonly string[], context: { payload: Payload }): void | Promise<void>;
}

/** Creates what tells Next of one site's writes. */
export function createPush(url: string | undefined): Push {
  const requests = createRequests(url);
  return {
    replaced(tags, { payload }) {
      const own = tags.filter((tag) => !tag.startsWith(NEXT_TAG)).map(pushedTag);
      if (own.length === 0) return;
      const told = [...own, UNKNOWN];
      const next = work();
      if (next && revalidateHere(next, told)) return;
      const sending = requests.send(payload, told);
      instanceOf(payload)?.background.keepAlive(sending);
      return sending;
    },
  };
}

/**
 * Has Next make stale what carries the tags, where it runs and lets it be done. At once, never by `'max'`, which would
 * serve the old page once more.
 *
 * @returns whether Next took it
 */
export function revalidateHere(next: Work, tags: readonly string[]): boolean {
  if (!next.isUnderway()) return false;
  const unit = next.unit();
  const revalidate = (): void => {
    for (const tag of tags) next.revalidateTag(tag, { expire: 0 });
  };
  try {
    if (unit?.type !== undefined && unit.type !== 'request') return false;
    if (unit?.phase === 'render') next.after(revalidate);
    else revalidate();
    return true;
  } catch {
    return false;
  }
}
