import kleur from 'kleur';
import { PayloadKVError } from '../../errors.js';
import type { InvalidationTarget } from '../../runtime/instance.js';
import { EXIT } from '../failure.js';
import { openSource, type SourceFlags } from '../site/open-source.js';
import { type TargetFlags, targetOf, targetText } from '../site/target.js';
import { countText } from '../terminal/figures.js';
import { createQuestions } from '../terminal/questions.js';
import { oneLine, type Terminal } from '../terminal/terminal.js';

/** Options of `payload-kv purge`. */
export interface PurgeOptions extends SourceFlags, TargetFlags {
  /** Counts what would be made stale, and does nothing. */
  dryRun?: boolean;
  /** Does not ask. */
  yes?: boolean;
}

/**
 * Makes entries stale: counts them, asks, does it; returns the exit code.
 * @param what a collection, a document (`posts#5`) or a global (`@header`); else a flag says it
 * @throws PayloadKVError `USAGE`, `MISSING_ANSWERS` where nobody can be asked, `CANCELLED`, and what the answers throw
 */
export async function runPurge(
  what: string | undefined,
  options: PurgeOptions,
  terminal: Terminal,
): Promise<number> {
  const { dryRun = false, yes = false } = options;
  const named = targetOf(what, options);
  if (!dryRun && !yes && !terminal.interactive) {
    throw new PayloadKVError({
      code: 'MISSING_ANSWERS',
      message: 'There is no terminal to ask on whether it is to be made stale.',
      nextStep: 'Add --yes to do it, or --dry-run to see how much it is.',
    });
  }
  const source = await openSource(options, terminal);
  try {
    const target: InvalidationTarget =
      typeof named === 'object' && 'isGlobal' in named ? await source.resolve(named) : named;
    const document = { command: 'purge', from: source.place, target };
    const words = oneLine(targetText(target));
    if (dryRun || !yes) {
      const counted = await source.purge(target, true);
      terminal.say(`${source.place}: ${words}: ${countedText(counted.entries)}.`);
      if (dryRun) {
        terminal.say('Dry run: nothing was made stale.');
        terminal.document({ ...document, ok: true, dryRun: true, entries: counted.entries });
        return EXIT.ok;
      }
      const agreed = await createQuestions(terminal).confirm(`Make stale ${words}?`, false);
      if (!agreed) {
        terminal.say('Nothing was made stale.');
        return EXIT.ok;
      }
    }
    const { ok, entries } = await source.purge(target, false);
    if (ok) terminal.say(`${kleur.green('✓')} Made stale: ${words}.`);
    else terminal.say(`${kleur.yellow('!')} It could not be made stale at once: the site goes on trying.`);
    terminal.document({ ...document, ok, dryRun: false, entries });
    return ok ? EXIT.ok : EXIT.found;
  } finally {
    await source.close();
  }
}

function countedText(entries: number | null): string {
  if (entries === null) return 'how many entries that are cannot be counted';
  return entries === 1 ? 'one entry' : `${countText(entries)} entries`;
}
