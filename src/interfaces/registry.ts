import type { Duration } from '../duration.js';
import type { Locks } from './locks.js';

/**
 * How old an answer may be after a committed write.
 * `strong`: the next read is new. `{ bounded }`: new within that duration. `eventual`: as fast as the registry's
 * propagation allows.
 */
export type Consistency = 'strong' | 'eventual' | { bounded: Duration };

/**
 * A tag registry keeps the version of each tag: an opaque random token, so that no clock of two machines is ever
 * compared. All registries pass the same conformance suite.
 */
export interface Registry {
  /** Name for stats and messages, e.g. `memory`. */
  readonly name: string;
  /** The consistency used where the options name none. */
  readonly defaultConsistency: Consistency;
  /** Whether `strong` can be had: a read after `replace` returned sees the new version, in every process it serves. */
  readonly canBeStrong: boolean;
  /**
   * Versions in the order of the tags. Where a tag was never replaced {@link NEVER_REPLACED}, or another that is the
   * registry's own and ends with it; `undefined` where the registry cannot know (it may have evicted the version): an
   * entry is then not fresh, and `create` is asked before a fill. May answer synchronously.
   */
  get(tags: readonly string[]): (string | undefined)[] | Promise<(string | undefined)[]>;
  /**
   * Gives every tag a new version, or that of the context, and returns the versions. The write waits for it.
   */
  replace(tags: readonly string[], context?: ReplaceContext): Promise<string[]>;
  /** Gives those of the tags that have no version a first one and returns the versions that now hold. */
  create?(tags: readonly string[]): Promise<string[]>;
  /**
   * Where versions live in the entry store itself: the key of a tag's version there, so that one call of the store
   * brings entry and versions.
   */
  storeKey?(tag: string): string;
  /** Reads a version out of what the store holds at {@link storeKey}; needed together with it. */
  readStored?(value: string | undefined): string | undefined;
  /** Whether the versions are in this process's memory, so that remembering them would gain nothing. */
  readonly local?: boolean;
  /**
   * Whether `replace` belongs inside the write's database transaction, immediately before its commit, instead of
   * after it.
   */
  readonly transactional?: boolean;
  /**
   * For how long after a replacement another location may still answer with the version before it, in seconds: this
   * process keeps its own replacement that long. Default 0.
   */
  readonly propagation?: number;
  /**
   * Changes the site's config before Payload sanitises it, for a registry that keeps versions in a collection of its
   * own. Called once per config.
   */
  configure?(config: import('payload').Config): import('payload').Config;
  /**
   * Called before Payload's database adapter connects, since migrations may write before it is ready, and again at each
   * hot reload.
   *
   * @returns the registry for this Payload instance, where it is another one than for the instance before: versions that
   * live in a site's database are of that site alone. All other calls go there.
   */
  attach?(context: ConnectContext): Registry | undefined;
  /** Called when Payload's database adapter is ready. */
  connect?(context: ConnectContext): void | Promise<void>;
  /**
   * Tells of replacements made by others, where the registry can: what a process remembers of a tag may then serve
   * longer, and is forgotten the moment somebody replaces its version. Called once the site is connected, if some policy
   * lets versions be remembered. The registry connects by itself, and again when the connection is lost.
   *
   * @returns ends it
   */
  subscribe?(listener: RegistryListener): () => void;
  /** Locks for all that share the registry, where it has any: see `lock` of `cached`. */
  readonly locks?: Locks;
  /** Ends what the registry opened itself. A later call opens it again. */
  close?(): void | Promise<void>;
}

/** Hears of replacements. See {@link Registry.subscribe}. */
export interface RegistryListener {
  /** Whose own replacements, those with this {@link ReplaceContext.origin}, are left out. */
  readonly origin: string;
  /** From now on every replacement is told; what was replaced before may not have been. */
  live(): void;
  /**
   * These tags have new versions. Which ones is not told: of two messages that arrive in the other order the later
   * would be the older.
   */
  replaced(tags: readonly string[]): void;
  /** The connection is gone: replacements may have been missed, and go on being so until `live`. */
  lost(): void;
}

/** What a replacement may need to know. */
export interface ReplaceContext {
  /** Id of the write's database transaction, if it has one. */
  transactionID?: string | number;
  /**
   * For how many seconds the new versions must be kept at least: longer than any entry recorded before them can live.
   * A registry may forget them then.
   */
  lifetime?: number;
  /** Who replaces: its own subscription, which knows it already, is not told. */
  origin?: string;
  /**
   * The version to be given, where it is to tell something: letters, digits, `-`, `_` and `.`. A registry that gives
   * another is safe, but slices then gain nothing.
   */
  version?: string;
  /** Takes work that need not delay the write, such as the last of several replacements within a second. */
  background?(work: Promise<unknown>): void;
}

/** What a registry is given when the site starts. */
export interface ConnectContext {
  /** The Payload instance whose cache it is. */
  payload: import('payload').Payload;
  /** The database adapter below the cache. */
  adapter: import('payload').DatabaseAdapter;
}

/** Version of a tag that no write has replaced yet. */
export const NEVER_REPLACED = '0';

/** How long a version is kept where no replacement has said it yet, in seconds. Losing one makes entries stale early. */
export const VERSION_LIFETIME = 2 * 86_400 + 3_600;

/** A new version: 96 random bits, which is never a repetition in practice. */
export function newVersion(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  // Without Buffer: the Worker that holds the Durable Object may have no `nodejs_compat`.
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_');
}
