import type { TopOrder } from '../site/choices.js';
import { openSource, type SourceFlags } from '../site/open-source.js';
import { topLines, topQueries } from '../site/top-lines.js';
import { show } from '../terminal/live.js';
import type { Terminal } from '../terminal/terminal.js';

/** Options of `payload-kv top`. */
export interface TopOptions extends SourceFlags {
  /** What comes first. Default `count`. */
  by?: TopOrder;
  /** Queries that are shown. Default 15. */
  limit?: number;
  /** Adds up the numbers of all processes that share the store and write down theirs. Default `false`. */
  all?: boolean;
  /** Shows them anew every so many seconds; `true` for two. Default: once. */
  watch?: number | true;
}

/**
 * Shows the queries that are asked most, and those that one request repeats; returns the exit code.
 * @throws PayloadKVError what {@link openSource} and its answers throw
 */
export async function runTop(options: TopOptions, terminal: Terminal): Promise<number> {
  const { by = 'count', limit = 15 } = options;
  const view = { by, limit };
  const source = await openSource(options, terminal);
  try {
    return await show(
      {
        ask: () => source.statistics(options.all ? 'all' : 'process'),
        draw: (statistics, columns) => topLines(statistics, source.place, view, columns),
        document(statistics) {
          const { scope, processes, hotFloor, repeatedQueries } = statistics;
          const queries = topQueries(statistics, view);
          return {
            command: 'top',
            ok: true,
            from: source.place,
            by,
            scope,
            processes,
            queries,
            hotFloor,
            repeatedQueries,
          };
        },
      },
      options.watch,
      terminal,
    );
  } finally {
    await source.close();
  }
}
