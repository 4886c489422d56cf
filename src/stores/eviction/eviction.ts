/** Which entries of `memory()` give way to others. */

/** What is kept under keys, bounded by whoever keeps it: an order says what goes first. */
export interface Kept<Value> {
  /** How many values are kept. */
  readonly size: number;
  /**
   * Bytes of memory that the order takes by itself, and for each value beside what a Map and a ring of them take.
   * Default none.
   */
  readonly bytes?: number;
  /** See `bytes`: for each value. */
  readonly bytesEach?: number;
  /** The value under a key. This is a use of it. */
  get(key: string): Value | undefined;
  /** The value under a key. Counts as no use. */
  peek(key: string): Value | undefined;
  /**
   * Keeps a value under a key that has none.
   *
   * @param bytes what it takes
   * @param cost what it took to make it, in milliseconds
   */
  set(key: string, value: Value, bytes: number, cost: number): void;
  /** Lets go what is under a key; nothing where there is none. */
  delete(key: string): void;
  /** Lets one go, unless there is none. */
  evict(): void;
  /** All that is kept now. Counts as no use. */
  entries(): [key: string, value: Value][];
}

/** What is known before anything is kept. */
export interface Bounds {
  /** Most values, and most bytes of them. */
  maxEntries: number;
  /** Most bytes of memory that they may take. */
  maxBytes: number;
}

/** An order in which entries give way. Made by `tinyLFU()` or `byCost()`. */
export interface Eviction {
  /** Name for messages, e.g. `tiny-lfu`. */
  readonly name: string;
  /**
   * Makes what keeps the entries of one store.
   *
   * @param onRemoval hears of each that was evicted or deleted
   */
  keep<Value>(bounds: Bounds, onRemoval: (key: string, value: Value) => void): Kept<Value>;
}
