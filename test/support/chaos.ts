import { setTimeout as sleep } from 'node:timers/promises';
import type { Registry, Store } from '../../src/runtime/index.js';

/** What goes wrong with a call. */
export type Fault =
  /** It throws at once, before there is a promise. */
  | 'throw'
  /** Its promise rejects. */
  | 'reject'
  /** Cloudflare KV has had enough. */
  | '429'
  /** It never answers. */
  | 'hang'
  /** It answers late: some of it within the time that the cache waits, some not. */
  | 'slow'
  /** The backend is full: it reads and deletes, and writes nothing. */
  | 'out-of-memory'
  /** A write is acknowledged and lost; a read finds nothing. */
  | 'drop'
  /** A read brings something that nobody wrote. */
  | 'garbage'
  /** A read brings the beginning of each value; of a list of versions, the beginning of the list. */
  | 'truncate'
  /** A read brings the values of other keys. */
  | 'other-key';

/** Every fault. */
export const FAULTS: readonly Fault[] = [
  'throw',
  'reject',
  '429',
  'hang',
  'slow',
  'out-of-memory',
  'drop',
  'garbage',
  'truncate',
  'other-key',
];

/** A call that may go wrong. */
export interface ChaoticCall {
  operation: 'getMany' | 'set' | 'delete' | 'get' | 'replace' | 'create';
  /** Keys or tags. */
  names: readonly string[];
}

/** Decides what goes wrong with a call; `undefined` for nothing. */
export type FaultOf = (call: ChaoticCall) => Fault | undefined;

/** How long slow calls take, one after the other, in milliseconds. */
const DELAYS = [5, 40, 15, 80, 10, 25];

/**
 * A store whose calls go wrong. A value that it brings of another key was really written under that one.
 *
 * @param delays how long slow calls take, in milliseconds, for a cache that does not wait 20
 */
export function chaoticStore(store: Store, faultOf: FaultOf, delays: readonly number[] = DELAYS): Store {
  const late = lateness(delays);
  /** What was written last. */
  let latest: string[] = [];
  let nonsense = 0;

  const chaotic: Store = {
    ...store,
    get: async (key) => (await chaotic.getMany([key]))[0],
    async setMany(writes) {
      await Promise.all(writes.map(({ key, value, ttl }) => chaotic.set(key, value, ttl)));
    },
    delete: (key) => chaotic.deleteMany([key]),
    getMany(keys) {
      const fault = faultOf({ operation: 'getMany', names: keys });
      if (!fault || fault === 'out-of-memory') return store.getMany(keys);
      if (fault === 'slow') return late(() => store.getMany(keys));
      const failure = failureOf(fault);
      if (failure) return failure as Promise<never>;
      return Promise.resolve(store.getMany(keys)).then((values) =>
        values.map((value) => {
          if (fault === 'drop') return undefined;
          if (fault === 'garbage') return garbage(nonsense++);
          if (fault === 'truncate') return value?.slice(0, Math.floor(value.length * 0.7));
          return latest[nonsense++ % Math.max(1, latest.length)];
        }),
      );
    },
    set(key, value, ttl) {
      latest = [...latest.slice(-4), value];
      const fault = faultOf({ operation: 'set', names: [key] });
      if (!fault || isOfReading(fault)) return store.set(key, value, ttl);
      if (fault === 'slow') return late(() => store.set(key, value, ttl));
      if (fault === 'drop') return undefined;
      return failureOf(fault) as Promise<never>;
    },
    deleteMany(keys) {
      const fault = faultOf({ operation: 'delete', names: keys });
      if (!fault || isOfReading(fault) || fault === 'out-of-memory') return store.deleteMany(keys);
      if (fault === 'slow') return late(() => store.deleteMany(keys));
      if (fault === 'drop') return undefined;
      return failureOf(fault) as Promise<never>;
    },
  };
  return chaotic;
}

/**
 * A registry whose calls go wrong, asked as if it were far away. It never acknowledges a replacement that it loses:
 * nothing could make up for that.
 */
export function chaoticRegistry(registry: Registry, faultOf: FaultOf): Registry {
  let nonsense = 0;
  const { create } = registry;
  const late = lateness(DELAYS);

  function spoil(
    fault: Fault,
    tags: readonly string[],
    ask: () => ReturnType<Registry['get']>,
  ): ReturnType<Registry['get']> {
    if (fault === 'out-of-memory') return ask();
    if (fault === 'slow') return late(ask);
    const failure = failureOf(fault);
    if (failure) return failure as Promise<never>;
    return Promise.resolve(ask()).then((versions) => {
      if (fault === 'drop') return tags.map(() => undefined);
      if (fault === 'garbage') return tags.map(() => garbage(nonsense++));
      if (fault === 'truncate') return versions.slice(0, Math.floor(versions.length / 2));
      return [...versions.slice(1), versions[0]];
    });
  }

  return {
    ...registry,
    local: false,
    get(tags) {
      const fault = faultOf({ operation: 'get', names: tags });
      return fault ? spoil(fault, tags, () => registry.get(tags)) : registry.get(tags);
    },
    replace(tags, context) {
      const fault = faultOf({ operation: 'replace', names: tags });
      if (fault === 'slow') return late(() => registry.replace(tags, context));
      const failure = fault && failureOf(fault === 'drop' ? 'reject' : fault);
      return failure ? (failure as Promise<never>) : registry.replace(tags, context);
    },
    ...(create && {
      async create(tags) {
        const fault = faultOf({ operation: 'create', names: tags });
        if (fault === 'slow') return late(() => create(tags));
        if (fault) await failureOf(fault);
        return create(tags);
      },
    }),
  };
}

/** Pseudo-random numbers from 0 up to 1: the same for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Any fault now and then: of a hundred calls about as many as `percent` says. */
export function mixedFaults(
  random: () => number,
  percent: number,
  faults: readonly Fault[] = FAULTS,
): () => Fault | undefined {
  return () =>
    random() * 100 < percent ? (faults[Math.floor(random() * faults.length)] as Fault) : undefined;
}

function isOfReading(fault: Fault): boolean {
  return fault === 'garbage' || fault === 'truncate' || fault === 'other-key';
}

/** Makes each call later than it is asked for. */
function lateness(delays: readonly number[]) {
  let calls = 0;
  return async <Value>(call: () => Value | Promise<Value>): Promise<Value> => {
    await sleep(delays[calls++ % delays.length]);
    return call();
  };
}

/** What comes instead of an answer, if none comes. */
function failureOf(fault: Fault): Promise<never> | undefined {
  switch (fault) {
    case 'throw':
      throw new Error('chaos: thrown');
    case 'reject':
      return Promise.reject(new Error('chaos: rejected'));
    case '429':
      return Promise.reject(new Error('KV PUT failed: 429 Too Many Requests'));
    case 'hang':
      return new Promise(() => undefined);
    case 'out-of-memory':
      return Promise.reject(new Error("OOM command not allowed when used memory > 'maxmemory'."));
    default:
      return undefined;
  }
}

/** Of many kinds, and never the same twice: versions of it match nothing. */
function garbage(number: number): string {
  const kinds = [
    '\u0000\uffff',
    '{"docs":[]}',
    '[]',
    'null',
    '{"t":[],"v":[],"s":0,"e":9e9,"r":null}',
    '{"t":["posts"],"v":["0"],"s":9e15,"e":9e9,"r":{"docs":[]}}',
    '<html>502 Bad Gateway</html>',
  ];
  return `${kinds[number % kinds.length]}${' '.repeat(number)}`;
}
