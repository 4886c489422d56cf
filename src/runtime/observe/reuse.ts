/**
 * What becomes of stored answers, and what would under other TTLs: each TTL of {@link TRIED_TTLS} is tried on the reads
 * as they come, by when each question would have gone to the database under it. Whether something was written between
 * two fills the versions of what both depend on tell, and no guess.
 */
import type { CacheEvent, Filled } from '../../interfaces/events.js';
import { leastRecentlyUsed } from '../../platform/least-recently-used.js';
import { valueAt } from '../../platform/value-at.js';
import { askedDigest } from './asked-digest.js';
import { digestOf, EMPTY_DIGEST } from './digest.js';
import { type Equality, equalitiesIn } from './equalities.js';
import { type Reuse, TRIED_TTLS } from './snapshot.js';

/** Each TTL in milliseconds. */
const TRIED: readonly number[] = TRIED_TTLS.map((seconds) => 1000 * seconds);

/** Questions that are left to the database, of which some are remembered. */
const MOST_LEFT = 2_000;

/** What became of the answer to one question. Times in milliseconds. */
export interface Life {
  /** The counts of its collection or global. */
  readonly counts: Counts;
  /** Fields that the question compares with one value. */
  readonly equalities: readonly Equality[];
  /** When the database answered last; `undefined` where that was not seen. */
  askedAt: number | undefined;
  ttl: number;
  /** No TTL makes the answer live longer. */
  longest: number;
  /** What stands for the versions and the text of the answer; 0 where they are not known. */
  versions: number;
  answer: number;
  /** Whether the answer has been asked for again. */
  isAnswered: boolean;
  /** Whether a lookup has found nothing, and the database is being asked. */
  isAwaited: boolean;
  /** When the database would have answered last under each TTL. */
  tried: number[];
  /** Until when all of them would answer. */
  untried: number;
}

type Args = Readonly<Record<string, unknown>>;

/** Counts what becomes of stored answers. */
export interface ReuseCounts {
  /** What stands for the question of a read that is not looked up, where it is remembered: what might be cached. */
  questionOf(event: CacheEvent, args: Args): object | undefined;
  /** The life of the answer to a question that nothing is known of. */
  lifeOf(event: CacheEvent, args: Args): Life;
  noteHit(life: Life, time: number): void;
  /**
   * Notes any other event of a read; `life` where its question is remembered.
   *
   * @returns whether it was asked anew because of a write, and the answer is what it was
   */
  note(event: CacheEvent, life: Life | undefined, filled: Filled | undefined): boolean;
  noteWrite(event: CacheEvent): void;
  /** By name. */
  read(): Record<string, Reuse>;
}

type Counts = Omit<Reuse, 'hitsWith'> & {
  /** Hits under each TTL, beside those under all of them. */
  hitsWith: number[];
  hitsWithAll: number;
};

/** Begins to count. One function: all in it is counted from the same lives of entries. */
export function createReuse(): ReuseCounts {
  const byName = new Map<string, Counts>();
  /** Writes that were told of no name. */
  let writesOfAny = 0;
  const left = leastRecentlyUsed<number, object>(MOST_LEFT);
  const countsOf = (name: string): Counts => valueAt(byName, name, noCounts);

  /** The database has answered: what each TTL is to the next read goes from here. */
  function begin(life: Life, time: number): void {
    life.askedAt = time;
    life.tried = TRIED.map(() => time);
    life.untried = time + Math.min(TRIED[0]!, life.longest);
  }

  /** A read of what nothing was written to: a hit under each TTL that has not run out. */
  function tryTTLs(life: Life, time: number): void {
    const { counts, tried, longest } = life;
    if (time < life.untried) {
      counts.hitsWithAll += 1;
      return;
    }
    let untried = Number.POSITIVE_INFINITY;
    for (let index = 0; index < TRIED.length; index++) {
      const ttl = Math.min(TRIED[index]!, longest);
      if (time - tried[index]! < ttl) counts.hitsWith[index]! += 1;
      else tried[index] = time;
      untried = Math.min(untried, tried[index]! + ttl);
    }
    life.untried = untried;
  }

  function noteHit(life: Life, time: number): void {
    const { counts } = life;
    counts.reads += 1;
    counts.hits += 1;
    if (!life.isAnswered) {
      life.isAnswered = true;
      counts.reused += 1;
      if (life.tried.length === 0) {
        // Stored before this process saw it. When is not known: as late as can be.
        const { askedAt } = life;
        begin(life, time);
        life.askedAt = askedAt;
      }
    }
    tryTTLs(life, time);
  }

  /** A read that the database has answered, by what it depends on. */
  function noteAnswer(life: Life, time: number, versions: number, answer: number): boolean {
    const { counts } = life;
    counts.reads += 1;
    let isUnchanged = false;
    if (life.versions === 0) {
      counts.first += 1;
      begin(life, time);
    } else if (life.versions !== versions) {
      counts.written += 1;
      isUnchanged = answer !== 0 && life.answer === answer;
      if (isUnchanged) counts.unchanged += 1;
      begin(life, time);
    } else {
      if (life.askedAt !== undefined && time - life.askedAt < life.ttl) counts.lost += 1;
      else counts.expired += 1;
      tryTTLs(life, time);
      life.askedAt = time;
    }
    life.versions = versions;
    life.answer = answer;
    return isUnchanged;
  }

  function noteFill(life: Life, time: number, { text, versions: all, ttl, isNegative }: Filled): boolean {
    let versions = EMPTY_DIGEST;
    for (const version of all) versions = digestOf(version, versions);
    const { isAwaited } = life;
    life.longest = isNegative ? 1000 * ttl : Number.POSITIVE_INFINITY;
    const isUnchanged = isAwaited && noteAnswer(life, time, versions || 1, digestOf(text) || 1);
    life.isAwaited = false;
    life.isAnswered = false;
    life.ttl = 1000 * ttl;
    life.counts.filled += 1;
    return isUnchanged;
  }

  /** A read that is not looked up: as if each write made it stale. */
  function noteLeft(life: Life, time: number): void {
    const { counts } = life;
    const versions = 1 + counts.writes + writesOfAny;
    if (life.versions !== versions) {
      noteAnswer(life, time, versions, 0);
      return;
    }
    counts.reads += 1;
    tryTTLs(life, time);
  }

  return {
    questionOf(event, args) {
      const { type, reason } = event;
      if (type !== 'bypass' || (reason !== 'policy' && reason !== 'auth-collection')) return undefined;
      const digest = askedDigest(event, args);
      if (digest === undefined) return undefined;
      const known = left.get(digest);
      if (known) return known;
      const question = {};
      left.set(digest, question);
      return question;
    },
    lifeOf: (event, args) => ({
      counts: countsOf(nameOf(event)),
      equalities: equalitiesIn(args.where),
      askedAt: undefined,
      ttl: 0,
      longest: Number.POSITIVE_INFINITY,
      versions: 0,
      answer: 0,
      isAnswered: false,
      isAwaited: false,
      tried: [],
      untried: 0,
    }),
    noteHit,
    note(event, life, filled) {
      const { type, time, duration = 0 } = event;
      if (type === 'fill' || type === 'bypass') {
        const counts = life?.counts ?? countsOf(nameOf(event));
        counts.measured += 1;
        counts.databaseTime += duration;
      }
      if (!life) return false;
      if (type === 'miss' || type === 'stale') life.isAwaited = true;
      else if (type === 'fill' && filled) return noteFill(life, time, filled);
      else if (type === 'bypass') noteLeft(life, time);
      return false;
    },
    noteWrite(event) {
      if (event.name === undefined) writesOfAny += 1;
      else countsOf(nameOf(event)).writes += 1;
    },
    read: () =>
      Object.fromEntries(
        [...byName].map(([name, { hitsWith, hitsWithAll, ...counts }]) => [
          name,
          {
            ...counts,
            hitsWith: Object.fromEntries(
              TRIED_TTLS.map((ttl, index) => [String(ttl), hitsWithAll + hitsWith[index]!]),
            ),
          },
        ]),
      ),
  };
}

/** What statistics call that which a read is of: a collection's slug, or `@slug` of a global. */
export const nameOf = ({ subject, name = '' }: CacheEvent): string =>
  subject === 'global' ? `@${name}` : name;

function noCounts(): Counts {
  const none = { reads: 0, hits: 0, first: 0, expired: 0, written: 0, lost: 0, unchanged: 0 };
  const hitsWith = TRIED.map(() => 0);
  return { ...none, filled: 0, reused: 0, writes: 0, measured: 0, databaseTime: 0, hitsWith, hitsWithAll: 0 };
}
