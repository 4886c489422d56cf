import fc from 'fast-check';
import type { CacheDirective } from '../../src/runtime/index.js';

/**
 * Generated commands. A command is plain data; a document is named by its place among those that exist when the
 * command runs, so that a sequence still means something after shrinking has taken commands out of it.
 */

export type Args = Record<string, unknown>;

/**
 * Stands for the id of the n-th document of a collection; beyond the last it is an id that nobody has yet. To refer to
 * it the document must be there: with none, there is no value.
 */
export interface DocumentPlace {
  $document: string;
  n: number;
  mustBeThere?: boolean;
}
/** Stands for the id of the n-th newest version of a collection or global (`@slug`). */
export interface VersionPlace {
  $version: string;
  n: number;
}

export interface ReadCommand {
  do: 'read';
  site: number;
  level: 'local' | 'adapter' | 'function';
  operation: string;
  args: Args;
  /** The second time with the properties in another order at every depth: this one. */
  order?: number | undefined;
  /** Whether the same is asked of the site of another database on the same store. */
  isElsewhereToo?: boolean;
  /** Whether its text is tens of kilobytes. */
  isLong?: boolean;
}
export interface WriteCommand {
  do: 'write';
  site: number;
  level: 'local' | 'adapter';
  operation: string;
  args: Args;
}
/** Several commands in one transaction; reads outside of it come in between. */
export interface TransactionCommand {
  do: 'transaction';
  site: number;
  inside: (ReadCommand | WriteCommand)[];
  outside: ReadCommand[];
  end: 'commit' | 'rollback';
}
/** Commands at the same time. */
export interface TogetherCommand {
  do: 'together';
  commands: (ReadCommand | WriteCommand)[];
}
/**
 * The latest reads on one site after the other, changes that the cache is not told, and then as much time as an entry
 * may be served for.
 */
export interface ExpiryCommand {
  do: 'expiry';
  /** The site that reads first. */
  site: number;
  unseen: WriteCommand[];
}
export type Command =
  | ReadCommand
  | WriteCommand
  | TransactionCommand
  | TogetherCommand
  | SharingCommand
  | ExpiryCommand;

/** A read, and what its caller asks of the cache. */
export interface DirectedRead extends ReadCommand {
  directive: CacheDirective | undefined;
}

/**
 * Operations that share a request, all at the same time, as the resolvers of a GraphQL query do, or the
 * `Promise.all` of a page.
 */
export interface SharingCommand {
  do: 'sharing';
  site: number;
  reads: DirectedRead[];
  /** Changes the database below the cache, so that an answer from it can be told from the database's. */
  unseen: WriteCommand | undefined;
  /** Comes in between, with the same request. */
  write: WriteCommand | undefined;
}

/** A document by its place. */
export const documentPlace = (slug: string): fc.Arbitrary<DocumentPlace> =>
  fc.record({ $document: fc.constant(slug), n: fc.nat({ max: 9 }) });
