/**
 * The methods of a database adapter that read and write documents, as Payload declares them. Written here once more and
 * not taken from the source: they are what the source's own lists are measured by.
 */
export const READS = [
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

export const WRITES = [
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
