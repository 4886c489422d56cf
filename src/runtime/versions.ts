import { LRUCache } from 'lru-cache';
import type { Registry, ReplaceContext } from './registry.js';

/**
 * What this process knows of tag versions: those it read a moment ago, and those it replaced itself. It lets a lookup
 * leave the registry alone while a version is younger than the consistency allows, and shows a write to this very
 * process at once, however slowly the registry spreads it.
 */
export interface VersionMemory {
  /** Versions known and young enough, in the order of the tags; `undefined` where the registry must be asked. */
  recall(tags: readonly string[], maximumAge: number): (string | undefined)[];
  /** To be taken before asking the registry, and handed to {@link learn} with the answer. */
  moment(): number;
  /**
   * Takes in an answer of the registry, and corrects it where this process has replaced a tag since, or so lately that
   * the answer may be from before.
   */
  learn(tags: readonly string[], versions: (string | undefined)[], moment: number): (string | undefined)[];
  /** Takes in this process's own replacements. */
  replaced(tags: readonly string[], versions: readonly string[]): void;
  /** Whether each tag has kept its version, as far as this process saw, for at least `seconds`. */
  isSettled(tags: readonly string[], versions: readonly string[], seconds: number): boolean;
  /** Forgets everything. */
  clear(): void;
}

interface Known {
  version: string;
  /** When it was read or replaced, in milliseconds. */
  at: number;
  /** Position in the sequence of this process's replacements; 0 for a version that was only read. */
  replacement: number;
}

interface Sighting {
  version: string;
  since: number;
}

const MOST_TAGS = 50_000;

/** Creates the memory for one registry. */
export function createVersionMemory(registry: Registry, now: () => number): VersionMemory {
  const known = new LRUCache<string, Known>({ max: MOST_TAGS });
  const sightings = new LRUCache<string, Sighting>({ max: MOST_TAGS });
  const hold = (registry.propagation ?? 0) * 1000;
  let replacements = 0;

  const isHeld = (entry: Known, at: number): boolean =>
    entry.replacement > 0 && hold > 0 && at - entry.at < hold;

  return {
    recall(tags, maximumAge) {
      const at = now();
      return tags.map((tag) => {
        const entry = known.get(tag);
        if (!entry) return undefined;
        return isHeld(entry, at) || at - entry.at < maximumAge * 1000 ? entry.version : undefined;
      });
    },
    moment: () => replacements,
    learn(tags, versions, moment) {
      const at = now();
      return versions.map((version, index) => {
        const tag = tags[index] as string;
        const entry = known.get(tag);
        if (entry && (entry.replacement > moment || isHeld(entry, at))) return entry.version;
        if (version === undefined) known.delete(tag);
        else known.set(tag, { version, at, replacement: 0 });
        return version;
      });
    },
    replaced(tags, versions) {
      const at = now();
      replacements += 1;
      tags.forEach((tag, index) => {
        known.set(tag, { version: versions[index] as string, at, replacement: replacements });
      });
    },
    isSettled(tags, versions, seconds) {
      const at = now();
      let settled = true;
      tags.forEach((tag, index) => {
        const version = versions[index] as string;
        let sighting = sightings.get(tag);
        if (sighting?.version !== version) {
          sighting = { version, since: at };
          sightings.set(tag, sighting);
        }
        if (at - sighting.since < seconds * 1000) settled = false;
      });
      return settled;
    },
    clear() {
      known.clear();
      sightings.clear();
    },
  };
}

/** What invalidation asks for. */
export type Replace = (tags: readonly string[], context?: ReplaceContext) => Promise<void>;
