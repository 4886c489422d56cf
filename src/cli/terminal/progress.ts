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

/** Columns of a bar at most. */
const LONGEST_BAR = 30;

/** How far it is: a bar with its numbers where the total is known. */
export function progressText(done: number, total: number | undefined, more = '', columns = 80): string {
  if (total === undefined) return `${done}${more}`;
  const numbers = ` ${done} of ${total}${more}`;
  const width = Math.max(0, Math.min(LONGEST_BAR, columns - numbers.length - 4));
  const full = total === 0 ? width : Math.min(width, Math.floor((done / total) * width));
  return `${'█'.repeat(full)}${'░'.repeat(width - full)}${numbers}`;
}
