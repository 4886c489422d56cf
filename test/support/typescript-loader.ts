const own = (file: string) => ['--import', new URL(file, import.meta.url).href];

/** What Node is given for a TypeScript file of a project: its SQLite and its passwords need not take their time either. */
export const typescript = [
  ...['--import', 'tsx'],
  ...own('./unsynced-sqlite.mjs'),
  ...own('./quick-passwords.mjs'),
] as const;
