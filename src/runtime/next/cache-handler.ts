/**
 * Next's cache of pages, routes and fetched data, on the site's store: `cacheHandler` in next.config. Next loads this file
 * itself and creates one handler for each request.
 *
 * Comes in: what Next has made, with its tags. Goes out: the same, as long as each tag keeps the version that it had when
 * the database was asked. Nobody tells Next of a write, and no clock is compared.
 */
import { askLivingSite, revalidateNextTags } from './asked-site.js';
import { decodeValue, encodeValue } from './next-values.js';
import { UNKNOWN_VERSION, versionOfNext, versionsOf } from './recorded-versions.js';

/** Carries the tags of a page, separated by commas. */
const TAGS_HEADER = 'x-next-cache-tags';

/** What Next tells a handler when it makes one. */
interface Given {
  serverDistDir?: string;
}

/** What Next keeps. */
interface Value {
  kind?: string;
  headers?: Record<string, unknown>;
  tags?: string[];
  revalidate?: number | false;
}

/** What a handler is asked for, or given, beside key and value. */
interface Context {
  kind?: string;
  fetchCache?: boolean;
  isFallback?: boolean;
  tags?: string[];
  softTags?: string[];
  revalidate?: number | false;
  cacheControl?: { revalidate?: number | false; expire?: number };
}

/** What is kept of a value. */
interface Entry {
  lastModified: number;
  cacheControl: Context['cacheControl'];
  value: Value;
}

/** Next's cache on the site's store. */
export default class PayloadKVCacheHandler {
  readonly #build: Promise<string | undefined>;
  /** The version that stood for all of Next's own tags when something was not found, or past its time, and began to be made. */
  readonly #before = new Map<string, string>();

  constructor({ serverDistDir }: Given = {}) {
    this.#build = buildOf(serverDistDir);
  }

  /** What is kept under a key, while its versions hold; `null` where there is nothing. Called by Next. */
  async get(key: string, context: Context = {}): Promise<Entry | null> {
    const name = await this.#nameOf(key, context.kind, context.isFallback);
    // Next asks for null where there is nothing.
    if (!name) return null;
    const found = await askLivingSite(async (site) => {
      const text = await site.find(name);
      const entry = text === undefined ? undefined : (decodeValue(text) as Entry);
      const kept = entry && hasTags(entry.value, context.tags) ? entry : undefined;
      // What is past its time is served, and made anew meanwhile.
      const isMade = !kept || isPast(kept, context);
      return { kept, before: isMade ? await versionOfNext(site) : undefined };
    });
    // Without an answer nobody knows what the site revalidates from here on.
    const before = found ? found.before : UNKNOWN_VERSION;
    // Of several answers the first one knows least.
    if (before !== undefined && !this.#before.has(name)) this.#before.set(name, before);
    return found?.kept ?? null;
  }

  /** Keeps a value under the versions of its tags. Called by Next. */
  async set(key: string, value: Value | null, context: Context = {}): Promise<void> {
    await askLivingSite(async (site) => {
      // What is not there has no tags: it is looked for again.
      if (!value?.kind) return;
      const isFetched = value.kind === 'FETCH';
      const name = await this.#nameOf(key, value.kind, context.isFallback);
      if (!name) return;
      const tags = isFetched ? (context.tags ?? value.tags ?? []) : tagsOf(value);
      const before = this.#before.get(name);
      this.#before.delete(name);
      const versions = await versionsOf(site, tags, isFetched, before);
      if (!versions) return;
      const { cacheControl } = context;
      const stored = isFetched ? { ...value, tags } : value;
      const entry: Entry = { lastModified: Date.now(), cacheControl, value: stored };
      await site.keep(name, { versions, body: encodeValue(entry) }, cacheControl?.expire);
    });
  }

  /** Called by Next for `revalidateTag` and `revalidatePath` of the site. Whatever the profile, what is old is not served again. */
  async revalidateTag(tags: string | readonly string[]): Promise<void> {
    await revalidateNextTags(typeof tags === 'string' ? [tags] : tags);
  }

  /** Nothing: it remembers no request. Called by Next. */
  resetRequestCache(): void {}

  /** What something is kept under: of one build, for another has other code. */
  async #nameOf(
    key: string,
    kind: string | undefined,
    isFallback: boolean | undefined,
  ): Promise<string | undefined> {
    const build = await this.#build;
    return build && kind ? JSON.stringify([build, kind, isFallback === true, key]) : undefined;
  }
}

function tagsOf({ headers }: Value): string[] {
  const text = headers?.[TAGS_HEADER];
  return typeof text === 'string' ? text.split(',') : [];
}

/** Whether fetched data was kept under all tags that it is asked for with. */
function hasTags(value: Value, tags: readonly string[] = []): boolean {
  return value.kind !== 'FETCH' || tags.every((tag) => value.tags?.includes(tag));
}

/** Whether Next makes something anew because of its age. */
function isPast({ lastModified, cacheControl, value }: Entry, context: Context): boolean {
  const seconds = [context.revalidate, value.revalidate, cacheControl?.revalidate];
  return seconds.some((it) => typeof it === 'number' && lastModified + it * 1000 <= Date.now());
}

const builds = new Map<string, Promise<string | undefined>>();

/** The build that runs. While the site is being built there is none, and nothing is kept: what is built may be old. */
async function buildOf(serverDirectory: string | undefined): Promise<string | undefined> {
  if (!serverDirectory || process.env.NEXT_PHASE === 'phase-production-build') return undefined;
  const known = builds.get(serverDirectory) ?? readBuild(serverDirectory);
  builds.set(serverDirectory, known);
  return known;
}

async function readBuild(serverDirectory: string): Promise<string | undefined> {
  try {
    // Where there is no disk, there is no build.
    const { readFile } = await import('node:fs/promises');
    return (await readFile(`${serverDirectory}/../BUILD_ID`, 'utf8')).trim();
  } catch {
    // In development there is none.
    return undefined;
  }
}
