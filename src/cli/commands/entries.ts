import kleur from 'kleur';
import { PayloadKVError } from '../../errors.js';
import { KEY_PREFIX } from '../../interfaces/keys.js';
import { EXIT } from '../failure.js';
import { entriesLines } from '../site/entries-lines.js';
import { openSource, type SourceFlags } from '../site/open-source.js';
import type { EntriesQuery, Source } from '../site/source.js';
import { namedBy } from '../site/target.js';
import { viewColumns } from '../terminal/live.js';
import type { Terminal } from '../terminal/terminal.js';

/** Options of `payload-kv entries`. */
export interface EntriesOptions extends SourceFlags {
  /** What functions of this namespace returned. */
  namespace?: string;
  /** Entries of a page. Default 20. */
  limit?: number;
  /** Where the page begins, as the page before has said it. */
  cursor?: string;
}

const LIMIT = 20;

/**
 * Shows what the cache holds, a page at a time; on a terminal the next page when enter is pressed. Returns the exit code.
 * @param what a collection, a document (`posts#5`), a global (`@header`) or the key of an entry
 * @throws PayloadKVError what {@link openSource} and its answers throw
 */
export async function runEntries(
  what: string | undefined,
  options: EntriesOptions,
  terminal: Terminal,
): Promise<number> {
  const source = await openSource(options, terminal);
  try {
    const query = await queryOf(what, options, source);
    const page = await source.entries(query);
    for (const line of entriesLines(page, source.place, query.key, viewColumns(terminal))) terminal.say(line);
    if (page.cursor !== null)
      terminal.say(kleur.dim(`\n  More: --cursor '${page.cursor.replace(/[^\w.:=@~%+/-]/g, '')}'`));
    if (page.complete === false)
      terminal.say(kleur.dim('\n  There are more keys than are looked at: name a collection or a key.'));
    terminal.document({ command: 'entries', ok: true, from: source.place, ...page });
    return EXIT.ok;
  } finally {
    await source.close();
  }
}

async function queryOf(
  what: string | undefined,
  { namespace, limit = LIMIT, cursor }: EntriesOptions,
  source: Source,
): Promise<EntriesQuery> {
  const page = { limit, ...(cursor === undefined ? {} : { cursor }) };
  if (namespace !== undefined) {
    if (what === undefined) return { namespace, ...page };
    throw new PayloadKVError({
      code: 'USAGE',
      message: '--namespace and the name of something else are given.',
      nextStep: 'Leave one of them out.',
    });
  }
  if (what === undefined) return page;
  // No slug has a colon in it, and every key does.
  if (what.includes(':')) return { key: what.startsWith(KEY_PREFIX) ? what : KEY_PREFIX + what, ...page };
  const target = await source.resolve(namedBy(what));
  return { ...target, ...page };
}
