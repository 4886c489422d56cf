/** The read operations of a database adapter that can be cached. */
export type CachedOperation =
  | 'find'
  | 'findOne'
  | 'count'
  | 'findDistinct'
  | 'queryDrafts'
  | 'findVersions'
  | 'countVersions'
  | 'findGlobal'
  | 'findGlobalVersions'
  | 'countGlobalVersions';

/** Every read operation that can be cached. */
export const CACHED_OPERATIONS: readonly CachedOperation[] = [
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
];

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
