/**
 * What a process goes by while its registry is away: versions of its own, which no registry ever gives. What is recorded
 * under one is served here alone, and is stale the moment the registry answers again. A tag that was replaced here, and of
 * which the registry was not told yet, has a new one of its own until it is.
 */
import { newVersion, type Registry } from '../../interfaces/registry.js';
import { leastRecentlyUsed } from '../../platform/least-recently-used.js';
import { shared } from '../../platform/shared.js';
import { valueAt } from '../../platform/value-at.js';
import type { VersionMemory } from './version-memory.js';

/** What one cache goes by while its registry is away. */
export interface Alone {
  /** How long what was made, or was known, may serve meanwhile, in seconds. */
  readonly lifetime: number;
  /**
   * Versions of tags of which the registry says nothing.
   *
   * @param isAway whether it is given up for the moment: what it said last then serves for {@link lifetime}
   */
  versionsOf(tags: readonly string[], isAway: boolean): string[];
  /** Notes what the registry says, and puts this process's own in place of what it cannot know. */
  heard(tags: readonly string[], versions: readonly (string | undefined)[]): (string | undefined)[];
  /** The same of what is remembered. */
  corrected(tags: readonly string[], versions: readonly (string | undefined)[]): (string | undefined)[];
  /** Whether one of the versions is this process's own. */
  hasOwn(versions: readonly string[]): boolean;
  /** Gives tags versions of their own: the registry was not told of a write. */
  late(tags: readonly string[]): void;
  /** The same for tags that take the place of others. */
  lateInstead(tags: readonly string[], of: Iterable<string>): void;
  /** The registry was told. */
  told(tag: string): void;
  /** The tags without a version of their own for a write. */
  others(tags: readonly string[]): readonly string[];
}

const MOST_TAGS = 50_000;
/** What versions of this process's own begin with, and no other. */
const SIGN = '!';

const ownVersion = (): string => SIGN + newVersion();

interface Known {
  version: string;
  /** When the registry said it, in milliseconds. */
  at: number;
}

/** What the caches of one registry share in a process, so that each knows of the writes of the others. */
interface State {
  known: { get(tag: string): Known | undefined; set(tag: string, known: Known): void };
  /** Versions of tags of which the registry was not told, for each cache. */
  late: Set<Map<string, string>>;
  /** That of all else, until the registry answers again. */
  version: string | undefined;
}

const states = shared('alone', () => new WeakMap<Registry, State>());

/** Creates it for one cache. */
export function createAlone(registry: Registry, lifetime: number, now: () => number): Alone {
  const state = valueAt(states, registry, () => ({
    known: leastRecentlyUsed<string, Known>(MOST_TAGS),
    late: new Set<Map<string, string>>(),
    version: undefined,
  }));
  const own = new Map<string, string>();

  function lateVersion(tag: string): string | undefined {
    let version: string | undefined;
    for (const each of state.late) {
      const one = each.get(tag);
      if (one !== undefined) version = (version ?? '') + one;
    }
    return version;
  }

  function corrected(
    tags: readonly string[],
    versions: readonly (string | undefined)[],
  ): (string | undefined)[] {
    if (state.late.size === 0) return versions as (string | undefined)[];
    return versions.map((version, index) => lateVersion(tags[index] as string) ?? version);
  }

  function late(tags: readonly string[]): void {
    for (const tag of tags) own.set(tag, ownVersion());
    state.late.add(own);
  }

  function told(tag: string): void {
    own.delete(tag);
    if (own.size === 0) state.late.delete(own);
  }

  return {
    lifetime,
    versionsOf(tags, isAway) {
      const at = now();
      return tags.map((tag) => {
        const own = lateVersion(tag);
        if (own !== undefined) return own;
        const last = isAway ? state.known.get(tag) : undefined;
        // A clock may be set back.
        if (last && Math.abs(at - last.at) < 1000 * lifetime) return last.version;
        state.version ??= ownVersion();
        return state.version;
      });
    },
    heard(tags, versions) {
      state.version = undefined;
      const at = now();
      versions.forEach((version, index) => {
        if (version !== undefined) state.known.set(tags[index] as string, { version, at });
      });
      return corrected(tags, versions);
    },
    corrected,
    hasOwn: (versions) => versions.some((version) => version.startsWith(SIGN)),
    late,
    lateInstead(tags, of) {
      late(tags);
      for (const tag of of) if (!tags.includes(tag)) told(tag);
    },
    told,
    others: (tags) => (state.late.size === 0 ? tags : tags.filter((tag) => lateVersion(tag) === undefined)),
  };
}

/**
 * A memory of versions that tells what it hears, goes by what the registry was not told of, and by versions of this
 * process's own where the registry does not answer.
 *
 * @param isAway whether it, or the store, is given up for the moment
 */
export function hearing(memory: VersionMemory, alone: Alone, isAway: () => boolean): VersionMemory {
  return {
    ...memory,
    recall: (tags, maximumAge) => alone.corrected(tags, memory.recall(tags, maximumAge)),
    learn(tags, versions, asked) {
      const learnt = memory.learn(tags, versions, asked);
      return learnt ? alone.heard(tags, learnt) : alone.versionsOf(tags, isAway());
    },
    replaced(tags, versions, asked) {
      memory.replaced(tags, versions, asked);
      alone.heard(tags, versions);
    },
  };
}
