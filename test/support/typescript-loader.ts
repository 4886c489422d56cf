const own = (file: string) => ['--import', new URL(file, import.meta.url).href];

/** What a process is started without: another for the types of Payload. */
const NOTHING_ASIDE = own('./no-types-aside.mjs');

/** What Node is given for a TypeScript file of a project: its SQLite and its passwords need not take their time either. */
export const typescript = [
  ...['--import', 'tsx'],
  ...own('./unsynced-sqlite.mjs'),
  ...own('./quick-passwords.mjs'),
  ...NOTHING_ASIDE,
] as const;

/** For the environment of a command that starts Payload somewhere below. */
export const NODE_OPTIONS = NOTHING_ASIDE.join(' ');
