/** What Node is given for a TypeScript file of a project: its SQLite need not wait for the disk either. */
export const typescript = [
  '--import',
  'tsx',
  '--import',
  new URL('./unsynced-sqlite.mjs', import.meta.url).href,
] as const;
