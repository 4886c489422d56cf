/**
 * The site of this process, for code that Next loads itself, outside of the site's bundle: its store, and the versions of
 * tags. Whatever fails, a page is rendered.
 */
import { KEY_PREFIX } from '../../interfaces/keys.js';
import { VERSION_LIFETIME } from '../../interfaces/registry.js';
import { leavesProcess } from '../../interfaces/store.js';
import { hash } from '../../platform/hash.js';
import { type Instance, instanceOf, livingInstances } from '../carried-instance.js';
import { momentIn } from '../events/moment.js';
import { mayAccess } from '../policy/access.js';
import { attachedKeys } from '../read/attachment.js';
import { counted } from '../read/context.js';
import { exceeds } from '../read/entry-writes.js';
import type { FillContext } from '../read/fill.js';
import { areCurrent, recordedVersions, servingVersions } from '../read/known-versions.js';
import { countBypass, noteLookup } from '../read/outcome.js';

/** Tags with the version of each, as an entry records them. */
export type Versions = readonly (readonly [tag: string, version: string])[];

/** What is kept of something that Next made. */
export interface Kept {
  versions: Versions;
  /** What Next is given back, as text. */
  body: string;
}

/** The site of this process. */
export interface LivingSite {
  /** What is kept under a name, if it is fresh. */
  find(name: string): Promise<string | undefined>;
  /** Keeps something for so many seconds at most. */
  keep(name: string, kept: Kept, seconds: number | undefined): Promise<void>;
  /** The versions that hold, all of them, for what is to be recorded under them. */
  versionsOf(tags: readonly string[]): Promise<string[] | undefined>;
  /** Whether what was read under these versions may be kept. */
  mayKeep(versions: Versions): boolean;
  /** The versions that hold as far as the registry knows them; `undefined` where a write of one of the tags is not done. */
  currentVersions(tags: readonly string[]): Promise<readonly (string | undefined)[] | undefined>;
  /** Gives tags that are not ours a version that tells something. Rejects where the registry does not take it. */
  replace(tags: readonly string[], version: string): Promise<void>;
  /** Counts a page that is kept elsewhere. */
  countPage(isFresh: boolean): void;
  /** For how many seconds the versions of something can be relied on. */
  readonly longestTtl: number;
}

/** Under which namespace pages are counted. */
const COUNTED_AS = 'next pages';

/** The instance whose pages these are; `undefined` before Payload has started, and where it has no cache. */
export function living(): { instance: Instance; reads: FillContext } | undefined {
  for (const payload of livingInstances().reverse()) {
    const instance = instanceOf(payload);
    const reads = instance?.options().pages ? instance.reads() : undefined;
    if (instance && reads) return { instance, reads };
  }
  return undefined;
}

/** The site of this process; `undefined` where there is none yet. One function: its methods share the site and its counts. */
export async function livingSite(): Promise<LivingSite | undefined> {
  const site = living();
  if (!site) return undefined;
  const { instance, reads } = site;
  const count = instance.counters.countsOf('function', COUNTED_AS);
  const subject = { type: 'function', slug: COUNTED_AS, operation: 'page' } as const;
  const { events } = reads;

  const keyOf = (name: string): string =>
    attachedKeys(reads, `${KEY_PREFIX}page:${hash(JSON.stringify([reads.scope, name]))}`).key;

  return {
    async find(name) {
      if (!mayAccess(instance.options(), 'read', 'function', COUNTED_AS)) {
        countBypass(count, 'access');
        return undefined;
      }
      const key = keyOf(name);
      const since = momentIn(events);
      const note = (outcome: 'hit' | 'miss' | 'stale', bytes?: number): void =>
        noteLookup(events, outcome, subject, { key, count }, since, bytes);
      reads.operations.storeReads += 1;
      const values = await counted(reads.storeGuard, count, () => reads.far.getMany([key]));
      const text = values?.[0];
      const opened = typeof text === 'string' ? await reads.envelope.open(key, text) : undefined;
      if (!opened) {
        note('miss');
        return undefined;
      }
      const kept = keptIn(opened);
      const [tags, versions] = columnsOf(kept?.versions ?? []);
      if (!kept || !(await areCurrent(reads, { count }, tags, versions))) {
        note('stale');
        return undefined;
      }
      note('hit', kept.body.length);
      return kept.body;
    },
    async keep(name, { versions, body }, seconds) {
      if (!mayAccess(instance.options(), 'write', 'function', COUNTED_AS)) return;
      const key = keyOf(name);
      // No version is forgotten before what was recorded under it is gone.
      const ttl = Math.floor(Math.min(seconds ?? reads.longestTtl, reads.longestTtl));
      if (ttl < 1) return;
      const text = await reads.envelope.seal(key, `${JSON.stringify(versions)}\n${body}`);
      if (reads.maximumBytes !== undefined && exceeds(text, reads.maximumBytes)) return;
      const write = async (): Promise<void> => {
        reads.operations.storeWrites += 1;
        const timeout = reads.writeTimeout;
        const set = async (): Promise<true> => {
          await reads.far.set(key, text, Math.max(ttl, reads.far.minimumTtl ?? 1));
          count.writes += 1;
          return true;
        };
        await counted(reads.storeGuard, count, set, { timeout, operation: 'write' });
      };
      const written = reads.writeQueue.run(write, text.length, () => undefined);
      if (!written) return;
      // A store in this process has it by the time that Next asks again.
      if (!leavesProcess(reads.far)) await written;
      else reads.background.run(written);
    },
    async versionsOf(tags) {
      // Nothing that is remembered: another server may have replaced one since, while a page was being made.
      return recordedVersions(reads, { rule: { maximumAge: 0, eventual: false }, count }, tags);
    },
    mayKeep(versions) {
      const [tags, texts] = columnsOf(versions);
      if (!reads.sliceSets.areComplete(tags, texts)) return false;
      return reads.replicaLag === 0 || reads.versions.isSettled(tags, texts, reads.replicaLag);
    },
    currentVersions: (tags) => servingVersions(reads, { count }, tags),
    async replace(tags, version) {
      const asked = reads.versions.moment();
      const lifetime = Math.max(VERSION_LIFETIME, 2 * reads.longestTtl);
      const background = (work: Promise<unknown>): void => reads.background.run(work);
      const replaced = await reads.registry.replace(tags, { version, lifetime, background });
      reads.versions.replaced(tags, replaced, asked);
    },
    countPage(isFresh) {
      noteLookup(events, isFresh ? 'hit' : 'stale', subject, { key: '', count }, momentIn(events));
    },
    longestTtl: reads.longestTtl,
  };
}

function columnsOf(versions: Versions): [tags: string[], versions: string[]] {
  return [versions.map(([tag]) => tag), versions.map(([, version]) => version)];
}

/** What was written, if it is that. */
function keptIn(text: string): Kept | undefined {
  const end = text.indexOf('\n');
  try {
    return { versions: JSON.parse(text.slice(0, end)) as Versions, body: text.slice(end + 1) };
  } catch {
    return undefined;
  }
}
