/** One value to be written. */
export interface StoreWrite {
  /** The key; a prefix of the store comes before it. */
  key: string;
  /** The entry as text. */
  value: string;
  /** Seconds after which it expires, or `undefined` for never. */
  ttl: number | undefined;
  /** What it took to make it, in milliseconds, where that is known: dear ones may stay longer. */
  cost?: number;
}

/** An entry that was decoded, as far as the store of its text must know it. */
export interface DecodedText {
  readonly key: string;
  readonly tags: readonly string[];
  readonly versions: readonly string[];
  /** Its result. */
  result(): unknown;
}

/** A result that copies are made of. */
export interface Copyable {
  /** Makes a copy, which belongs to whoever asked. */
  copy(): unknown;
  /** Bytes of memory that the result takes, with what is kept to copy it. */
  bytes: number;
  /** The entry that it is of, with a copy at each call for its result, and the bytes of memory that both take. */
  entry<Entry extends DecodedText>(decoded: Entry): { form: Entry; bytes: number };
}

/** Decoded forms of values, each kept beside its value and gone with it. */
export interface DecodedForms {
  /** The form that is kept beside the value under a key. This is a use of the value as well. */
  get(key: string): object | undefined;
  /**
   * Tells that the value under a key was read and decoded. Where there is room, and the key holds that value still, its
   * form is asked for.
   *
   * @param make the form, and the bytes of memory it takes; `undefined` where it cannot be kept
   * @returns whether it is kept
   */
  offer(key: string, value: string, make: () => { form: object; bytes: number } | undefined): boolean;
  /**
   * Makes a result that was just decoded one that copies are made of: `undefined` if they would not be exact. Only a site
   * whose store has it takes the code for that along; without it nothing is kept decoded.
   */
  copyable?(result: unknown): Copyable | undefined;
}

/** Whether a store can be reached. */
export interface StoreHealth {
  /** Whether it answers. */
  ok: boolean;
  /** What is wrong, where something is. Holds no secret. */
  message?: string;
}

/** What a store in this process holds. */
export interface StoreUsage {
  /** How many entries it holds. */
  entries: number;
  /** How many it holds at most. */
  maxEntries: number;
  /** Bytes of memory taken. */
  bytes: number;
  /** Most bytes that it takes. */
  maxBytes: number;
  /** Entries that gave way to others since the process started. */
  evictions: number;
}

/**
 * A store holds entries as text. One flat file each; all of them pass the same conformance suite.
 *
 * Stores may throw or reject: the cache around them takes every fault as a miss. They bound no call in time: the cache
 * does.
 */
export interface Store {
  /** Name for stats and messages, e.g. `memory`. */
  readonly name: string;
  /** Reads one value, `undefined` where it is absent. May answer synchronously. */
  get(key: string): string | undefined | Promise<string | undefined>;
  /**
   * Reads several keys at once, in one round trip where the backend can, and returns the values in the order of the
   * keys, `undefined` for those that are absent. May answer synchronously.
   */
  getMany(keys: readonly string[]): (string | undefined)[] | Promise<(string | undefined)[]>;
  /**
   * The same for whoever looks at what is there: it counts as no use. Only for a store in this process.
   */
  peekMany?(keys: readonly string[]): (string | undefined)[];
  /**
   * Writes a value that expires after `ttl` seconds, or never where `ttl` is `undefined`.
   *
   * @param cost what it took to make it, in milliseconds, for a store that lets dear ones stay longer
   */
  set(key: string, value: string, ttl: number | undefined, cost?: number): void | Promise<void>;
  /** Writes several values, in one round trip where the backend can. */
  setMany(writes: readonly StoreWrite[]): void | Promise<void>;
  /** Deletes a key; an absent one is no error. */
  delete(key: string): void | Promise<void>;
  /** Deletes several keys, in one round trip where the backend can; absent ones are no error. */
  deleteMany(keys: readonly string[]): void | Promise<void>;
  /** Lists the keys that begin with `prefix`, a page at a time. */
  list(prefix: string): AsyncIterable<string[]>;
  /** Asks the backend whether it is there, without writing. Never rejects. */
  health(): StoreHealth | Promise<StoreHealth>;
  /** Ends what the store opened itself: connections, timers. A later call opens them again. */
  close(): void | Promise<void>;
  /** Shortest expiry in seconds that the backend honours: a shorter `ttl` is stored for this long. Default 1. */
  readonly minimumTtl?: number;
  /** Largest value in bytes of UTF-8. A larger one is not cached, and counted. Default no limit. */
  readonly maximumBytes?: number;
  /**
   * Longest wait for one read in milliseconds, where the options name none: what a healthy backend of this kind needs
   * at most. Default 100.
   */
  readonly timeout?: number;
  /**
   * Whether each write costs money, or part of a daily allowance: an answer that holds nothing is then written only when
   * it is asked for again. Default `false`.
   */
  readonly paidWrites?: boolean;
  /** The tier in this process that is looked at first; see `tiered`. It answers synchronously. */
  readonly near?: Store;
  /** The tier below it. */
  readonly far?: Store;
  /**
   * Whether entries are in this process and nowhere else: each then belongs to the Payload instance that stored it, and
   * goes with it. A store that does not say so is taken for one that others reach as well. Default `false`.
   */
  readonly local?: boolean;
  /** What it holds. Only for a store in this process. */
  usage?(): StoreUsage;
  /** Keeps values decoded that are read again and again. Only for a store in this process. */
  readonly decoded?: DecodedForms;
  /**
   * The name of a binding in the Cloudflare environment that the store was given, where it was given one. It tells one
   * D1 database from another, which a binding itself does not.
   */
  nameOfBinding?(is: (binding: unknown) => boolean): string | undefined;
  /**
   * The registry that goes with this store unless the options name one: of one store always the same, so that all who
   * use the store see each other's writes.
   */
  defaultRegistry(): import('./registry.js').Registry;
}

/** Whether entries leave the process. */
export function leavesProcess(store: Store): boolean {
  return store.far ? leavesProcess(store.far) : store.local !== true;
}

/** The stores, of those that one is made of, that are in this process. */
export function storesInProcess(store: Store): Store[] {
  if (store.near && store.far) return [store.near, ...storesInProcess(store.far)];
  return store.local ? [store] : [];
}
