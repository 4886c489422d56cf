/**
 * A store holds entries as text. One flat file each; all of them pass the same conformance suite.
 *
 * Stores may throw or reject: the cache around them takes every fault as a miss.
 */
export interface Store {
  /** Name for stats and messages, e.g. `memory`. */
  readonly name: string;
  /**
   * Reads several keys at once, in one round trip where the backend can, and returns the values in the order of the
   * keys, `undefined` for those that are absent. May answer synchronously.
   */
  getMany(keys: readonly string[]): (string | undefined)[] | Promise<(string | undefined)[]>;
  /** Writes a value that expires after `ttl` seconds, or never where `ttl` is `undefined`. */
  set(key: string, value: string, ttl: number | undefined): void | Promise<void>;
  /** Deletes keys; absent ones are no error. */
  delete(keys: readonly string[]): void | Promise<void>;
  /** Lists the keys that begin with `prefix`, a page at a time. */
  list(prefix: string): AsyncIterable<string[]>;
  /** Shortest expiry in seconds that the backend honours: a shorter `ttl` is stored for this long. Default 1. */
  readonly minimumTtl?: number;
  /** Largest value in bytes of UTF-8. A larger one is not cached, and counted. Default no limit. */
  readonly maximumBytes?: number;
  /** A store in this process that is looked at first; see `tiered`. It answers synchronously. */
  readonly near?: Store;
  /** The registry that goes with this store unless the options name one. */
  defaultRegistry(): import('../runtime/registry.js').Registry;
}
