import { openSource, type SourceFlags } from '../site/open-source.js';
import { statsLines } from '../site/stats-lines.js';
import { show } from '../terminal/live.js';
import type { Terminal } from '../terminal/terminal.js';

/** Options of `payload-kv stats`. */
export interface StatsOptions extends SourceFlags {
  /** Adds up the numbers of all processes that share the store and write down theirs. Default `false`. */
  all?: boolean;
  /** Shows them anew every so many seconds; `true` for two. Default: once. */
  watch?: number | true;
}

/**
 * Shows what the cache does for a site; returns the exit code.
 * @throws PayloadKVError what {@link openSource} and its answers throw
 */
export async function runStats(options: StatsOptions, terminal: Terminal): Promise<number> {
  const source = await openSource(options, terminal);
  try {
    return await show(
      {
        ask: () => source.statistics(options.all ? 'all' : 'process'),
        draw: (statistics, columns) => statsLines(statistics, source.place, columns),
        document: (statistics) => ({ command: 'stats', ok: true, from: source.place, statistics }),
      },
      options.watch,
      terminal,
    );
  } finally {
    await source.close();
  }
}
