/**
 * Finds what is most frequent in a stream without keeping all of it: the Space-Saving sketch of Metwally, Agrawal and El
 * Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data Streams" (2005), with its summary of buckets in
 * the order of their counts, so that each step takes the same time.
 */

/** One of those that are kept. */
export interface HeavyHitter<Item> {
  item: Item;
  /** How often it was seen, at most. */
  count: number;
  /** How much of the count may be others'. */
  error: number;
}

/** The sketch. */
export interface HeavyHitters<Item> {
  /** Counts one more; what is kept beside it is made anew where it was not kept. */
  add(key: string): Item;
  /** What is kept under a key, without counting. */
  peek(key: string): Item | undefined;
  /** All that are kept, the most frequent first. */
  read(): HeavyHitter<Item>[];
  /** What is not kept was seen at most so often. */
  floor(): number;
}

interface Kept<Item> extends HeavyHitter<Item> {
  key: string;
  bucket: Bucket<Item>;
}

/** Those of one count. */
interface Bucket<Item> {
  count: number;
  kept: Set<Kept<Item>>;
  less: Bucket<Item> | undefined;
  more: Bucket<Item> | undefined;
}

/**
 * Creates a sketch. Of `seen` that were counted, each that is more frequent than `seen / size` is among those kept, and no
 * error is greater than that.
 *
 * @param size how many are kept
 * @param make makes what is kept beside the count
 */
export function createHeavyHitters<Item>(size: number, make: (key: string) => Item): HeavyHitters<Item> {
  const byKey = new Map<string, Kept<Item>>();
  let least: Bucket<Item> | undefined;

  function unlink(bucket: Bucket<Item>): void {
    if (bucket.less) bucket.less.more = bucket.more;
    else least = bucket.more;
    if (bucket.more) bucket.more.less = bucket.less;
  }

  /** The bucket of a count, made after `less` where there is none. */
  function bucketAfter(less: Bucket<Item> | undefined, count: number): Bucket<Item> {
    const more = less ? less.more : least;
    if (more?.count === count) return more;
    const bucket: Bucket<Item> = { count, kept: new Set(), less, more };
    if (less) less.more = bucket;
    else least = bucket;
    if (more) more.less = bucket;
    return bucket;
  }

  function countOneMore(kept: Kept<Item>): void {
    const { bucket } = kept;
    kept.count += 1;
    kept.bucket = bucketAfter(bucket, kept.count);
    kept.bucket.kept.add(kept);
    bucket.kept.delete(kept);
    if (bucket.kept.size === 0) unlink(bucket);
  }

  function placeFor(key: string): Kept<Item> {
    const item = make(key);
    if (byKey.size < size || !least) {
      const first = bucketAfter(undefined, 0);
      const kept: Kept<Item> = { key, item, count: 0, error: 0, bucket: first };
      first.kept.add(kept);
      return kept;
    }
    const [leaving] = least.kept as unknown as [Kept<Item>];
    byKey.delete(leaving.key);
    leaving.key = key;
    leaving.item = item;
    leaving.error = leaving.count;
    return leaving;
  }

  return {
    add(key) {
      const kept = byKey.get(key) ?? placeFor(key);
      byKey.set(key, kept);
      countOneMore(kept);
      return kept.item;
    },
    peek: (key) => byKey.get(key)?.item,
    read: () =>
      [...byKey.values()]
        .map(({ item, count, error }) => ({ item, count, error }))
        .sort((one, other) => other.count - one.count),
    floor: () => (byKey.size < size ? 0 : (least?.count ?? 0)),
  };
}
