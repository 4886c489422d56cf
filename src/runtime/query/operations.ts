/** Every read operation of a database adapter that can be cached. */
export const CACHED_OPERATIONS = [
  'find',
  'findOne',
  'count',
  'findDistinct',
  'queryDrafts',
  'findVersions',
  'countVersions',
  'findGlobal',
  'findGlobalVersions',
  'countGlobalVersions',
] as const;

/** A read operation of a database adapter that can be cached. */
export type CachedOperation = (typeof CACHED_OPERATIONS)[number];

/** Those that read a global. */
export const GLOBAL_READS: ReadonlySet<CachedOperation> = new Set(
  CACHED_OPERATIONS.filter((operation) => operation.includes('Global')),
);

/** Those that read versions, of collections and of globals. */
export const VERSION_READS: ReadonlySet<CachedOperation> = new Set(
  CACHED_OPERATIONS.filter((operation) => /Versions|Drafts/.test(operation)),
);

/** The write operations of a database adapter. */
export const WRITE_OPERATIONS = [
  'create',
  'updateOne',
  'updateMany',
  'upsert',
  'deleteOne',
  'deleteMany',
  'createVersion',
  'updateVersion',
  'deleteVersions',
  'createGlobal',
  'updateGlobal',
  'createGlobalVersion',
  'updateGlobalVersion',
  'updateJobs',
] as const;

/** A write operation of a database adapter. */
export type WriteOperation = (typeof WRITE_OPERATIONS)[number];
