/** What stands in a command's help besides its flags: examples, exit codes. */
import { brokenAt } from './terminal/terminal.js';

/** As wide as the help may be. */
export interface Columns {
  columns?: number;
}

/** A row of two columns. */
export type HelpRow = [left: string, right: string];

/** The exit codes of every command. */
export const EXIT_CODES: readonly HelpRow[] = [
  ['0', 'done, or nothing to do'],
  ['1', 'something was found: drift, a failed check, an edit that is left to you'],
  ['2', 'could not run: a wrong flag, no config, a file that cannot be written'],
  ['130', 'ended by Ctrl-C'],
];

/** Examples of a command: what to type, and what for. */
export function examples(terminal: Columns, ...rows: HelpRow[]): string {
  return helpBlock('Examples', rows, terminal);
}

/** Rows in two columns; one below the other, where the right one would be broken. */
export function helpBlock(
  title: string,
  rows: readonly HelpRow[],
  { columns = Number.POSITIVE_INFINITY }: Columns,
): string {
  const width = Math.max(...rows.map(([left]) => left.length)) + 4;
  const room = columns - width;
  const isNarrow = rows.some(([, right]) => right.length > room) && room < 40;
  const lines = rows.map(([left, right]) =>
    isNarrow
      ? `  ${left}\n${brokenAt(`      ${right}`, columns, '      ')}`
      : brokenAt(`  ${left.padEnd(width - 2)}${right}`, columns, ' '.repeat(width)),
  );
  return `\n${title}:\n${lines.join('\n')}`;
}
