import { memoryRegistry, type Store } from '../../src/runtime/index.js';
import { storeTime } from './clocks.js';

/**
 * A store that several sites share as they share Redis: it belongs to none of them, and expires entries by a clock of
 * its own.
 */
export function sharedStore(answers: 'at once' | 'later'): Store {
  const entries = new Map<string, { value: string; until: number }>();
  const answer = <Value>(value: Value): Value | Promise<Value> =>
    answers === 'at once' ? value : Promise.resolve(value);
  function read(key: string): string | undefined {
    const entry = entries.get(key);
    if (entry && entry.until > storeTime()) return entry.value;
    entries.delete(key);
    return undefined;
  }
  const write = (key: string, value: string, ttl: number | undefined): void => {
    entries.set(key, {
      value,
      until: ttl === undefined ? Number.POSITIVE_INFINITY : storeTime() + ttl * 1_000,
    });
  };
  return {
    name: 'shared',
    get: (key) => answer(read(key)),
    getMany: (keys) => answer(keys.map(read)),
    set: (key, value, ttl) => answer(write(key, value, ttl)),
    setMany(writes) {
      for (const { key, value, ttl } of writes) write(key, value, ttl);
    },
    delete(key) {
      entries.delete(key);
    },
    deleteMany(keys) {
      for (const key of keys) entries.delete(key);
    },
    async *list(prefix) {
      const keys = [...entries.keys()].filter((key) => key.startsWith(prefix));
      if (keys.length > 0) yield keys;
    },
    health: () => ({ ok: true }),
    close() {},
    defaultRegistry: memoryRegistry,
  };
}
