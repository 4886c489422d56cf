/**
 * Tells OpenNext, which keeps the pages of a site on Cloudflare, which of them are old: `tagCache` in open-next.config.ts.
 * Pages stay in OpenNext's own incremental cache, with the tags that they were made with.
 *
 * Comes in: the tags of a page that is asked for. Goes out: whether a version on it is no longer the current one, or a tag
 * of the site's own was revalidated since.
 */
import { shared } from '../../platform/shared.js';
import { type LivingSite, livingSite } from './living-site.js';
import { nextTag } from './next-tags.js';
import { type ReadTags, readTags } from './page-tags.js';

/** A tag that the site revalidates, as OpenNext tells of it. */
export type OpenNextTag = string | { tag: string; stale?: number; expire?: number };

/** What OpenNext calls a `NextModeTagCache`. */
export interface OpenNextTagCache {
  /** Name for messages of OpenNext. */
  name: string;
  /** Says that tags are asked about when a page is read. */
  mode: 'nextMode';
  /** When the last of these tags was revalidated, in milliseconds since 1970: 0 for never, now where nothing is known. */
  getLastRevalidated(tags: string[]): Promise<number>;
  /**
   * Whether a page with these tags is old. `lastModified` is when it was made, in milliseconds since 1970.
   */
  hasBeenRevalidated(tags: string[], lastModified?: number): Promise<boolean>;
  /** Notes that the site has revalidated these tags. */
  writeTags(tags: OpenNextTag[]): Promise<void>;
}

/** Begins a version that says when its tag was revalidated, in milliseconds since 1970. */
const AT = 'at-';

/** Tags that were revalidated before there was a site, with the time. */
const waiting = shared('open-next.waiting', () => new Map<string, number>());

/** A tag of Next or the site, apart from those that other handlers replace: its version is a time. */
const timedTag = (tag: string): string => nextTag(`${AT}${tag}`);

/** When a tag was revalidated: never, where its version is one that the registry gives by itself. */
function timeOf(version: string | undefined): number {
  if (!version?.startsWith(AT)) return 0;
  const time = Number(version.slice(AT.length));
  return Number.isFinite(time) ? time : Number.POSITIVE_INFINITY;
}

/** When OpenNext made this Worker. It serves nothing that was rendered by then: the database may be another one. */
function builtAt(): number {
  return (globalThis as { __BUILD_TIMESTAMP_MS__?: number }).__BUILD_TIMESTAMP_MS__ ?? 0;
}

/** The site of this isolate, told of what was revalidated before it was there. */
async function siteHere(): Promise<LivingSite | undefined> {
  const site = await livingSite();
  if (!site || waiting.size === 0) return site;
  const told = [...waiting];
  waiting.clear();
  await replaceTimes(site, told);
  return site;
}

async function replaceTimes(site: LivingSite, times: readonly (readonly [string, number])[]): Promise<void> {
  const byTime = new Map<number, string[]>();
  for (const [tag, time] of times) byTime.set(time, [...(byTime.get(time) ?? []), timedTag(tag)]);
  for (const [time, tags] of byTime) await site.replace(tags, `${AT}${time}`);
}

/**
 * When the site last revalidated a tag of its own that a page has, in milliseconds since 1970; `undefined` where a version
 * on it is not the current one, or nothing is known of them.
 */
async function lastRevalidated(
  site: LivingSite,
  { versions, others }: ReadTags,
): Promise<number | undefined> {
  const own = [...versions];
  const names = [...own.map(([tag]) => tag), ...new Set(others.map(timedTag))];
  const current = await site.currentVersions(names);
  if (!current || !own.every(([, version], index) => version === current[index])) return undefined;
  return Math.max(0, ...current.slice(own.length).map(timeOf));
}

/** Tells OpenNext which of its pages are old, by the versions in the store of the site. Named in `open-next.config.ts`. */
const openNextTagCache: OpenNextTagCache = {
  name: 'payload-kv',
  mode: 'nextMode',

  async hasBeenRevalidated(tags, lastModified = Date.now()) {
    try {
      if (lastModified <= builtAt()) return true;
      const read = readTags(tags);
      if (!read.mayKeep) return true;
      const site = await siteHere();
      // No version is known for longer than the longest TTL.
      if (!site || lastModified + site.longestTtl * 1_000 < Date.now()) return true;
      const last = await lastRevalidated(site, read);
      // What is revalidated at the very time may have been read just before.
      const isFresh = last !== undefined && last < lastModified;
      site.countPage(isFresh);
      return !isFresh;
    } catch {
      return true;
    }
  },

  /** Asked for functions with `'use cache'`: what was made before that time is made anew. */
  async getLastRevalidated(tags) {
    try {
      const site = await siteHere();
      const read = readTags(tags);
      if (!site || !read.mayKeep) return Date.now();
      return (await lastRevalidated(site, read)) ?? Date.now();
    } catch {
      return Date.now();
    }
  },

  /** Called for `revalidateTag` and `revalidatePath` of the site. Whatever the profile, what is old is not served again. */
  async writeTags(tags) {
    const now = Date.now();
    for (const tag of tags) waiting.set(typeof tag === 'string' ? tag : tag.tag, now);
    await siteHere();
  },
};

export default openNextTagCache;
