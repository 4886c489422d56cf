/** The versions of tags, for what is recorded under them. */
import { freshnessOf } from '../policy/freshness.js';
import type { Freshness } from '../policy/policy.js';
import { ownerOf } from '../query/tags.js';
import { memoryOf } from '../versions/subscription.js';
import { completed, counted, type ReadContext, type Wanted } from './context.js';

type Versions = (string | undefined)[];

/** What is asked of the registry for somebody. */
type Asking = Pick<Wanted, 'count'> & { rule: Freshness };

/** Asks the registry. A fault is counted, and its answer `undefined`. */
export function readRegistry(
  context: ReadContext,
  { count }: Pick<Wanted, 'count'>,
  tags: readonly string[],
): Versions | undefined | Promise<Versions | undefined> {
  context.operations.registryReads += 1;
  return counted(context.registryGuard, count, () => context.registry.get(tags));
}

/** The versions that hold, as far as the consistency asks to know. `undefined` where the registry does not answer. */
export function currentVersions(
  context: ReadContext,
  asking: Asking,
  tags: readonly string[],
): Versions | undefined | Promise<Versions | undefined> {
  if (context.registry.local) return context.registry.get(tags) as Versions;
  const { versions } = context;
  const known = versions.recall(tags, memoryOf(asking.rule, versions.isTold()));
  const unknown = tags.filter((_tag, index) => known[index] === undefined);
  if (unknown.length === 0) return known;
  const moment = versions.moment();
  const learn = (answer: Versions | undefined): Versions | undefined => {
    const learnt = versions.learn(unknown, answer, moment);
    return learnt && completed(known, learnt);
  };
  const answer = readRegistry(context, asking, unknown);
  return answer instanceof Promise ? answer.then(learn) : learn(answer);
}

/**
 * Stands for the version of a tag that has none, where this process stores nothing and gives none: no entry has it, and
 * who asks after a write finds another. So what is under way can be shared.
 */
export const NO_VERSION = '';

/** Gives tags without a version a first one, where the registry may have lost theirs. */
export async function completeVersions(
  context: ReadContext,
  { count }: Pick<Wanted, 'count'>,
  tags: readonly string[],
  found: Versions,
): Promise<string[] | undefined> {
  const missing = tags.filter((_tag, index) => found[index] === undefined);
  if (missing.length === 0) return found as string[];
  if (!context.stores) return found.map((version) => version ?? NO_VERSION);
  if (!context.registry.create) return undefined;
  const { create } = context.registry;
  const moment = context.versions.moment();
  context.operations.registryReads += 1;
  const created = await counted(context.registryGuard, count, () => create(missing));
  const learnt = context.versions.learn(missing, created, moment);
  if (!learnt) return undefined;
  const complete = completed(found, learnt);
  return complete.includes(undefined) ? undefined : (complete as string[]);
}

/** The versions that hold, all of them, for what is to be recorded under them. */
export async function recordedVersions(
  context: ReadContext,
  asking: Asking,
  tags: readonly string[],
): Promise<string[] | undefined> {
  const found = await currentVersions(context, asking, tags);
  return found && completeVersions(context, asking, tags, found);
}

/** How long versions of tags may be remembered: as long as the strictest of what they belong to lets them. */
export function strictest({ policy }: ReadContext, tags: readonly string[]): Freshness {
  const each = tags.map((tag) => freshnessOf(policy, ownerOf(tag)));
  return {
    maximumAge: Math.min(...each.map(({ maximumAge }) => maximumAge)),
    eventual: each.every(({ eventual }) => eventual),
  };
}

/**
 * The versions that what depends on all of these tags may be served by. `undefined` where a write of one is not done, and
 * where the registry does not answer.
 */
export async function servingVersions(
  context: ReadContext,
  asker: Pick<Wanted, 'count'>,
  tags: readonly string[],
): Promise<Versions | undefined> {
  if (tags.length === 0) return [];
  if (context.pendingFor(tags)) return undefined;
  return currentVersions(context, { ...asker, rule: strictest(context, tags) }, tags);
}

/**
 * Whether what was recorded under these versions may be served.
 *
 * @param none what a tag without a version may have been recorded with
 */
export async function areCurrent(
  context: ReadContext,
  asker: Pick<Wanted, 'count'>,
  tags: readonly string[],
  versions: readonly string[],
  none?: typeof NO_VERSION,
): Promise<boolean> {
  const current = await servingVersions(context, asker, tags);
  return current !== undefined && versions.every((version, index) => version === (current[index] ?? none));
}
