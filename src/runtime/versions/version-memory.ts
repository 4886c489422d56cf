/**
 * Comes in: what the registry answers, what this process replaces, and what others tell. Goes out: the versions that a
 * lookup may go by without asking the registry. slice-sets.ts knows of processes with other slices.
 */
import { newVersion, type Registry, type RegistryListener } from '../../interfaces/registry.js';
import { leastRecentlyUsed } from '../../platform/least-recently-used.js';

/**
 * What this process knows of tag versions: those it read a moment ago, and those it replaced itself. It lets a lookup
 * leave the registry alone while a version is younger than the consistency allows, and shows a write to this very
 * process at once, however slowly the registry spreads it.
 */
export interface VersionMemory {
  /** Versions known and young enough, in the order of the tags; `undefined` where the registry must be asked. */
  recall(tags: readonly string[], maximumAge: number): (string | undefined)[];
  /** To be taken before asking the registry, and handed to {@link learn} or {@link replaced} with the answer. */
  moment(): Moment;
  /**
   * Takes in an answer of the registry, and corrects it where this process has replaced a tag since, or so lately that
   * the answer may be from before, or where a later question was answered first.
   *
   * @param versions `undefined` where it did not answer
   * @returns what to go by; `undefined` where there is no going on without an answer
   */
  learn(
    tags: readonly string[],
    versions: (string | undefined)[] | undefined,
    asked: Moment,
  ): (string | undefined)[] | undefined;
  /**
   * Takes in this process's own replacements. Of two that were under way together the one that began later counts: what
   * was recorded under its version was read after both writes.
   */
  replaced(tags: readonly string[], versions: readonly string[], asked: Moment): void;
  /** Whether each tag has kept its version, as far as this process saw, for at least `seconds`. */
  isSettled(tags: readonly string[], versions: readonly string[], seconds: number): boolean;
  /** Whether this process replaced one of the tags at that time or later, in milliseconds since 1970. */
  replacedSince(tags: readonly string[], time: number): boolean;
  /** Hears of replacements made elsewhere, and forgets what they replaced. */
  readonly listener: RegistryListener;
  /** Whether every replacement made elsewhere is told at present: what is remembered may then serve longer. */
  isTold(): boolean;
}

/** When the registry was asked. */
export interface Moment {
  /** Position in the sequence of what this process asks and hears. */
  turn: number;
  /** In milliseconds. */
  at: number;
  /** The same by a clock that nobody sets. */
  steady: number;
}

interface Known {
  version: string;
  asked: Moment;
  /** When the registry had answered, where it was asked to replace the version. */
  replaced: Moment | undefined;
}

interface Sighting {
  version: string;
  since: number;
}

const MOST_TAGS = 50_000;

/**
 * Creates the memory for one registry. One function: its methods share what is known of each tag.
 */
export function createVersionMemory(registry: Registry, now: () => number): VersionMemory {
  const known = leastRecentlyUsed<string, Known>(MOST_TAGS);
  const sightings = leastRecentlyUsed<string, Sighting>(MOST_TAGS);
  const ownReplacements = leastRecentlyUsed<string, number>(MOST_TAGS);
  const hold = (registry.propagation ?? 0) * 1000;
  let turns = 0;
  let isTold = false;
  let origin: string | undefined;
  /** What was asked for before may have been replaced since, and nobody said so. */
  let missedUntil = 0;
  /** The same for single tags: when their replacement was told. */
  const forgotten = leastRecentlyUsed<string, number>(MOST_TAGS, (_tag, turn) => {
    missedUntil = Math.max(missedUntil, turn);
  });

  const moment = (): Moment => {
    turns += 1;
    return { turn: turns, at: now(), steady: performance.now() };
  };

  /** By both clocks: one may be set back, by little or by much, and the other does not count while a machine sleeps. */
  const isYounger = ({ at, steady }: Moment, milliseconds: number): boolean =>
    now() - at < milliseconds && performance.now() - steady < milliseconds;

  const isHeld = ({ replaced }: Known): boolean => replaced !== undefined && isYounger(replaced, hold);

  const wasMissed = (tag: string, asked: Moment): boolean =>
    asked.turn < missedUntil || asked.turn < (forgotten.get(tag) ?? 0);

  function forget(tag: string): void {
    const entry = known.get(tag);
    if (entry && !isHeld(entry)) known.delete(tag);
  }

  function forgetAll(): void {
    missedUntil = moment().turn;
    for (const [tag] of known.entries()) forget(tag);
  }

  return {
    recall(tags, maximumAge) {
      return tags.map((tag) => {
        const entry = known.get(tag);
        if (!entry) return undefined;
        return isHeld(entry) || isYounger(entry.asked, maximumAge * 1000) ? entry.version : undefined;
      });
    },
    moment,
    learn(tags, versions, asked) {
      return versions?.map((version, index) => {
        const tag = tags[index] as string;
        const entry = known.get(tag);
        const isOutdated =
          entry &&
          (isHeld(entry) || entry.asked.turn > asked.turn || (entry.replaced?.turn ?? 0) > asked.turn);
        if (isOutdated) return entry.version;
        // True for this lookup, which began before: to be remembered it is too old.
        if (wasMissed(tag, asked)) return version;
        if (version === undefined) known.delete(tag);
        else known.set(tag, { version, asked, replaced: undefined });
        return version;
      });
    },
    replaced(tags, versions, asked) {
      const replaced = moment();
      tags.forEach((tag, index) => {
        ownReplacements.set(tag, replaced.at);
        const entry = known.get(tag);
        if (entry?.replaced && entry.asked.turn > asked.turn) return;
        if (hold === 0 && wasMissed(tag, asked)) {
          // Somebody else's may be the later one, and answers that are still under way may be from before both.
          forgotten.set(tag, replaced.turn);
          known.delete(tag);
          return;
        }
        known.set(tag, { version: versions[index] as string, asked, replaced });
      });
    },
    isSettled(tags, versions, seconds) {
      const at = now();
      let settled = true;
      tags.forEach((tag, index) => {
        const version = versions[index] as string;
        let sighting = sightings.get(tag);
        // Since a moment that is still to come, where the clock was set back.
        if (sighting?.version !== version || sighting.since > at) {
          sighting = { version, since: at };
          sightings.set(tag, sighting);
        }
        if (at - sighting.since < seconds * 1000) settled = false;
      });
      return settled;
    },
    replacedSince: (tags, time) => tags.some((tag) => (ownReplacements.get(tag) ?? -1) >= time),
    listener: {
      // Not before it is asked for: while a Worker's modules are loaded there is no randomness.
      get origin() {
        origin ??= newVersion();
        return origin;
      },
      live() {
        // What was learnt while nobody told of replacements.
        forgetAll();
        isTold = true;
      },
      replaced(tags) {
        const { turn } = moment();
        for (const tag of tags) {
          forgotten.set(tag, turn);
          forget(tag);
        }
      },
      lost() {
        isTold = false;
        forgetAll();
      },
    },
    isTold: () => isTold,
  };
}
