import { leastRecentlyUsed } from './least-recently-used.js';

/** Remembers a bounded number of values, each for some time after it was last set. */
export interface Expiring<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  delete(key: string): void;
}

/**
 * Creates a memory of `max` values that forgets each `lifetime` milliseconds after it was set. It looks at the clock when
 * it is asked: a timer would go with its request in workerd. The clock is one that nobody sets.
 */
export function createExpiring<Value>({ max, lifetime }: { max: number; lifetime: number }): Expiring<Value> {
  const values = leastRecentlyUsed<string, { value: Value; until: number }>(max);
  return {
    get(key) {
      const known = values.get(key);
      if (known && known.until > performance.now()) return known.value;
      if (known) values.delete(key);
      return undefined;
    },
    set(key, value) {
      values.set(key, { value, until: performance.now() + lifetime });
    },
    delete(key) {
      values.delete(key);
    },
  };
}
