/** Looks for what a function returned. Its entry alone says what it depends on. */

import type { Recorder } from '../../interfaces/recorder.js';
import { type DecodedEntry, decodeEntry } from '../entry/entry.js';
import type { Opened } from '../entry/entry-form.js';
import { FUNCTIONS_TAG } from '../query/tags.js';
import { type Absent, counted, type Fresh } from '../read/context.js';
import { completeVersions, currentVersions, strictest } from '../read/known-versions.js';
import { lookup } from '../read/lookup.js';
import type { FunctionSite, Recorded, WantedFunction } from './context.js';

/** Nothing that is remembered of versions. */
const ASKED = { maximumAge: 0, eventual: false };

/** An entry that answers, or none and the versions of what is known before the function runs. */
export type Looked = Fresh | (Pick<Absent, 'found' | 'stale' | 'old'> & { before: string[] | undefined });

/**
 * Entry and versions. Of a key that this process has seen in one round trip; else in two, the second for the versions of
 * the tags that are inside the entry.
 */
export async function lookUp(site: FunctionSite, wanted: WantedFunction): Promise<Looked> {
  const { reads, known } = site;
  let looked: Absent | undefined;
  let text: string | undefined;
  let asked = wanted;
  let tags = known.get(wanted.key)?.tags;
  if (!tags) {
    const first = await firstSight(site, wanted);
    if (!first.tags) return { found: false, stale: false, before: await complete(site, wanted, first.own) };
    ({ tags, text } = first);
  }
  // Once more where another process has found that it depends on something else.
  for (let attempt = 0; attempt < 2 && tags; attempt++) {
    // This process knows of a write that nobody else has been told of.
    if (reads.pendingFor(tags)) break;
    asked = {
      ...wanted,
      tags,
      rule: { ...wanted.rule, ...(wanted.mustAsk ? ASKED : strictest(reads, tags)) },
    };
    const found = await lookup(reads, asked, text);
    if (found.found) {
      if (known.get(wanted.key)?.tags !== tags) known.set(wanted.key, { ...known.get(wanted.key), tags });
      return found;
    }
    looked = found;
    tags = found.otherTags && areItsOwn(found.otherTags, wanted) ? found.otherTags : undefined;
    text = undefined;
  }
  const { stale = false, old = undefined, versions = undefined } = looked ?? {};
  const own = versions && wanted.ownTags.map((tag) => versions[asked.tags.indexOf(tag)]);
  return { found: false, stale, before: await complete(site, wanted, own), ...(old ? { old } : {}) };
}

/** The versions of what is known before the function runs, all of them. */
async function complete(
  { reads }: FunctionSite,
  wanted: WantedFunction,
  found: (string | undefined)[] | undefined,
): Promise<string[] | undefined> {
  const current =
    found?.includes(undefined) === false ? found : await currentVersions(reads, wanted, wanted.ownTags);
  return current && completeVersions(reads, wanted, wanted.ownTags, current);
}

/** The entry under a key that was never seen, and what is asked for in any case. */
async function firstSight(
  { reads }: FunctionSite,
  wanted: WantedFunction,
): Promise<{ tags?: readonly string[]; text?: string; own: (string | undefined)[] | undefined }> {
  const { key, nearKey, count } = wanted;
  const nearby = (reads.decoded?.get(nearKey) as DecodedEntry | undefined)?.tags;
  if (nearby) return { tags: nearby, own: undefined };
  const nearText = reads.near?.get(nearKey) as string | undefined;
  if (nearText !== undefined) {
    const tags = tagsIn(reads.envelope.unwrap(nearText), wanted, reads.envelope.serializer);
    if (tags) return { tags, own: undefined };
  }
  reads.operations.storeReads += 1;
  const [values, own] = await Promise.all([
    counted(reads.storeGuard, count, () => reads.far.getMany([key])),
    currentVersions(reads, wanted, wanted.ownTags),
  ]);
  const text = values?.[0];
  if (typeof text !== 'string') return { own };
  const tags = tagsIn(await reads.envelope.open(key, text), wanted, reads.envelope.serializer);
  return tags ? { tags, text, own } : { own };
}

function tagsIn(
  opened: Opened,
  wanted: WantedFunction,
  serializer: Parameters<typeof decodeEntry>[1],
): readonly string[] | undefined {
  const entry = opened ? decodeEntry(opened, serializer) : undefined;
  return entry?.key === wanted.key && areItsOwn(entry.tags, wanted) ? entry.tags : undefined;
}

/** Whether tags that a store has answered with can be those of an entry: one without its own would never be stale. */
function areItsOwn(tags: readonly unknown[], { ownTags }: WantedFunction): boolean {
  return (
    tags.every((tag) => typeof tag === 'string') &&
    ownTags.every((tag) => !tag.startsWith(FUNCTIONS_TAG) || tags.includes(tag))
  );
}

/** What an entry depends on, as it was recorded when it was made. */
export function recordedIn({ tags, versions, askedAt, ttl }: DecodedEntry): Recorded {
  return { tags: [...tags], versions: [...versions], askedAt, until: askedAt + 1000 * ttl, wide: [] };
}

/** Tells whoever is recorded of an entry that was served. */
export function noteEntry(parent: Recorder | undefined, entry: DecodedEntry): void {
  parent?.note(entry.tags, entry.versions, entry.askedAt);
  parent?.expires?.(entry.askedAt + 1000 * entry.ttl);
}
