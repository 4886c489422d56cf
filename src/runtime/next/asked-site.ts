/**
 * The site of this process, for Next's own handlers, with what was revalidated before there was one. Apart from
 * `living-site.ts`, which OpenNext takes along, and with it none of Node's modules but `node:crypto`.
 */
import { shared } from '../../platform/shared.js';
import { replaceByHand } from '../replace-by-hand.js';
import { type LivingSite, living, livingSite } from './living-site.js';
import { replacedBy } from './next-tags.js';

/** Tags of Next's own that were revalidated before there was a site. */
const waiting = shared('next.waiting', () => new Set<string>());

/** Most tags that wait: of more, everything is stale, for there is one tag that changes with each. */
const MOST_WAITING = 10_000;

/** Replaces the versions of tags that are not ours. */
export async function revalidateNextTags(tags: readonly string[]): Promise<void> {
  for (const tag of tags) if (waiting.size < MOST_WAITING) waiting.add(tag);
  const instance = living()?.instance;
  if (!instance?.invalidation()) return;
  const replaced = [...waiting];
  waiting.clear();
  if (replaced.length > 0) await replaceByHand(instance, [...new Set(replacedBy(replaced))]);
}

/** Asks the site of this process, if it is there. A fault is as if it were not. */
export async function askLivingSite<Result>(
  ask: (site: LivingSite) => Promise<Result | undefined>,
): Promise<Result | undefined> {
  try {
    if (waiting.size > 0) await revalidateNextTags([]);
    const site = await livingSite();
    return site ? await ask(site) : undefined;
  } catch {
    return undefined;
  }
}
