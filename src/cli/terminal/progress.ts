/** A line that says what is going on, for as long as it does. */
import kleur from 'kleur';
import { printable, type Terminal } from './terminal.js';

/** What is going on. */
export interface Progress {
  /** Takes the place of what was said before. */
  show(text: string): void;
  /** Leaves nothing of it behind. */
  clear(): void;
}

/** On a terminal a line that is written over; nothing where there is none, or with `--json`. */
export function createProgress(
  { json, stdout }: Pick<Terminal, 'json' | 'stdout'>,
  env = process.env,
): Progress {
  const { isTTY, columns = 80 } = stdout as { isTTY?: boolean; columns?: number };
  if (json || !isTTY || env.TERM === 'dumb') return { show: () => undefined, clear: () => undefined };
  let isShown = false;
  return {
    show(text) {
      // A line that wraps could not be written over.
      stdout.write(`\r\u001b[2K${kleur.dim(printable(`… ${text}`).slice(0, columns - 1))}`);
      isShown = true;
    },
    clear() {
      if (isShown) stdout.write('\r\u001b[2K');
      isShown = false;
    },
  };
}
