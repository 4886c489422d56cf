/**
 * Next's cache of functions with `'use cache'`, on the site's store: `cacheHandlers.default` or `.remote` in next.config.
 *
 * Like cache-handler.ts, it compares versions. The keys that Next gives hold the build.
 */
import { leastRecentlyUsed } from '../../platform/least-recently-used.js';
import { askLivingSite, revalidateNextTags } from './asked-site.js';
import { decodeValue, encodeValue } from './next-values.js';
import { UNKNOWN_VERSION, versionOfNext, versionsOf } from './recorded-versions.js';

/** What Next keeps of a function. */
interface Entry {
  value: ReadableStream<Uint8Array>;
  tags: string[];
  /** Seconds and milliseconds, which Next compares itself. */
  stale: number;
  timestamp: number;
  expire: number;
  revalidate: number;
}

/** Functions that are being computed. */
const pending = new Map<string, Promise<void>>();
/** The version that stood for all of Next's own tags before one was computed. */
const before = leastRecentlyUsed<string, string>(5_000);

const nameOf = (key: string): string => JSON.stringify(['use cache', key]);

/** Keeps what `'use cache'` functions made in the store of the site. Named in `cacheHandlers` of `next.config`. */
const useCacheHandler = {
  async get(key: string): Promise<Entry | undefined> {
    await pending.get(key);
    const answer = await askLivingSite(async (site) => {
      const text = await site.find(nameOf(key));
      const found =
        text === undefined ? undefined : (decodeValue(text) as Omit<Entry, 'value'> & { bytes: Uint8Array });
      // What is past its time is served, and computed anew meanwhile.
      const isComputed = !found || found.timestamp + found.revalidate * 1000 <= Date.now();
      return { found, version: isComputed ? await versionOfNext(site) : undefined };
    });
    // Without an answer nobody knows what the site revalidates from here on.
    const version = answer ? answer.version : UNKNOWN_VERSION;
    // Of several that compute it at once the first one knows least.
    if (version !== undefined && before.get(key) === undefined) before.set(key, version);
    if (!answer?.found) return undefined;
    const { bytes, ...entry } = answer.found;
    return { ...entry, value: new Blob([bytes as Uint8Array<ArrayBuffer>]).stream() };
  },

  async set(key: string, coming: Promise<Entry>): Promise<void> {
    let done = (): void => {};
    const waited = new Promise<void>((resolve) => {
      done = resolve;
    });
    pending.set(key, waited);
    try {
      const { value, ...entry } = await coming;
      // Read to its end in any case: whoever else reads it waits for that.
      const bytes = Buffer.from(await new Response(value).arrayBuffer());
      const known = before.get(key);
      before.delete(key);
      // What expires at once is made for one visitor.
      if (entry.expire === 0) return;
      await askLivingSite(async (site) => {
        const versions = await versionsOf(site, entry.tags, true, known);
        if (versions) {
          const body = encodeValue({ ...entry, bytes });
          await site.keep(nameOf(key), { versions, body }, entry.expire);
        }
        return undefined;
      });
    } catch {
      // A function that threw is not kept.
    } finally {
      done();
      if (pending.get(key) === waited) pending.delete(key);
    }
  },

  /** Versions are asked for with each entry. */
  async refreshTags(): Promise<void> {},

  /** Has Next leave the tags of paths to `get`, where an entry has the version of all of them. */
  async getExpiration(): Promise<number> {
    return Number.POSITIVE_INFINITY;
  },

  async updateTags(tags: string[]): Promise<void> {
    await revalidateNextTags(tags);
  },
};

export default useCacheHandler;
