import type { Config, Payload } from 'payload';

/** Hears what the reads of a function, or of a page, depend on. */
export interface Recorder {
  /** The Payload instance that it records for. */
  readonly payload?: Payload;
  /** The keys of the functions that are recorded, the innermost first; none for a page. */
  readonly keys?: readonly string[];
  /** Whether what is recorded may have pages made in it, which their framework keeps by themselves. */
  readonly holdsPages?: boolean;
  /**
   * A read depends on these tags, which had these versions before the database was asked.
   *
   * @param askedAt when it was, in milliseconds since 1970; default now
   */
  note(tags: readonly string[], versions: readonly string[], askedAt?: number): void;
  /** What was read may be served until then, in milliseconds since 1970. */
  expires?(at: number): void;
  /** What was read must not be kept for others, or cannot be told by tags. */
  refuse(reason: Refusal): void;
  /**
   * Hears of each operation of Payload and of each read of the adapter, before anything is read: whose request it is, and
   * whether access control had a part in it.
   */
  hears?(request: unknown, isControlled: boolean): void;
  /**
   * Hears of a read that the database answers without a lookup, before it is asked: what is made of that depends on it
   * all the same. A recorder that does not hear of it is told to refuse.
   *
   * @param reads what the reads of the site share
   */
  bypassed?(reads: object, read: object, reason: string): Promise<void>;
}

/**
 * Why what a function made is not stored.
 *
 * - `transaction`, `write-operation`: it read inside of a write, or wrote itself
 * - `auth-collection`: it read what may hold secrets of users
 * - `user`: access control, or a user, had a part in it, and the key does not say which
 * - `authentication`: it found out who somebody is, by headers of which no key tells
 * - `shared-request`: it used a request that others use as well, whose data loader hides reads
 * - `changed`: something that it read was written meanwhile
 * - `stale`: it was given an answer that was not fresh
 * - `unknown-argument`, `untracked`: what it read cannot be told by tags
 * - `too-many-tags`: it depends on too much
 * - `error`: store or registry failed, or a replacement of versions is not done
 * - `uncacheable`: what it returned is too large or has no lossless text form
 * - `discarded`: it said so itself
 * - `lock-lost`: it ran under a lock that another process has had since
 */
export type Refusal =
  | 'transaction'
  | 'write-operation'
  | 'auth-collection'
  | 'user'
  | 'authentication'
  | 'shared-request'
  | 'changed'
  | 'stale'
  | 'unknown-argument'
  | 'untracked'
  | 'too-many-tags'
  | 'error'
  | 'uncacheable'
  | 'discarded'
  | 'lock-lost';

/** The pages of a site's framework, which depend on what is read while they are rendered. */
export interface Pages {
  /** Name for messages, e.g. `next`. */
  readonly name: string;
  /** The recorder of the page that is being rendered, or `undefined` where none is. Asked at each read. */
  recorder(): Recorder | undefined;
  /** Called with the tags of a committed write when their versions have been replaced. */
  replaced?(tags: readonly string[], context: { payload: Payload }): void | Promise<void>;
  /** Changes the site's config before Payload sanitises it, e.g. adds an endpoint. Called once per config. */
  configure?(config: Config): Config;
}
