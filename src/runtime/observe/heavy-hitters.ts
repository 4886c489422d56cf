/**
 * Finds what is most frequent in a stream without keeping all of it: the Space-Saving sketch of Metwally, Agrawal and El
 * Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data Streams" (2005). Theirs keeps its counters in order;
 * this one looks for the least of them when one has to leave, since most of what is counted is there already.
 */

/** One of those that are kept. */
export interface HeavyHitter<Item> {
  readonly key: string;
  item: Item;
  /** How often it was seen, at most. */
  count: number;
  /** How much of the count may be others'. */
  error: number;
  /** Whether it has given way to another. */
  isGone: boolean;
}

/** The sketch. */
export interface HeavyHitters<Item> {
  /** Counts one more; what is kept beside it is made anew where it was not kept. */
  add(key: string): HeavyHitter<Item>;
  /** What is kept under a key, without counting. */
  peek(key: string): HeavyHitter<Item> | undefined;
  /** All that are kept, the most frequent first. */
  read(): HeavyHitter<Item>[];
  /** What is not kept was seen at most so often. */
  floor(): number;
}

/**
 * Creates a sketch. Of `seen` that were counted, each that is more frequent than `seen / size` is among those kept, and no
 * error is greater than that.
 *
 * @param size how many are kept
 * @param make makes what is kept beside the count
 */
export function createHeavyHitters<Item>(size: number, make: (key: string) => Item): HeavyHitters<Item> {
  const kept = new Map<string, HeavyHitter<Item>>();

  function least(): HeavyHitter<Item> | undefined {
    let found: HeavyHitter<Item> | undefined;
    for (const each of kept.values()) if (!found || each.count < found.count) found = each;
    return found;
  }

  return {
    add(key) {
      let hitter = kept.get(key);
      if (!hitter) {
        const leaving = kept.size < size ? undefined : least();
        if (leaving) {
          leaving.isGone = true;
          kept.delete(leaving.key);
        }
        const error = leaving?.count ?? 0;
        hitter = { key, item: make(key), count: error, error, isGone: false };
        kept.set(key, hitter);
      }
      hitter.count += 1;
      return hitter;
    },
    peek: (key) => kept.get(key),
    read: () => [...kept.values()].sort((one, other) => other.count - one.count),
    floor: () => (kept.size < size ? 0 : (least()?.count ?? 0)),
  };
}
