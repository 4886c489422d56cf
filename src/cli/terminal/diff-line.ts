import kleur from 'kleur';
import { brokenAt, widthOf } from './terminal.js';

/** A line of a diff; where it is wider than the terminal, in rows of which only the first has the sign. */
export function coloured(line: string, columns = Number.POSITIVE_INFINITY): string[] {
  const colour = colourOf(line);
  if (widthOf(line) <= columns) return [colour(line)];
  const [start] = /^[-+ ]?\s*/.exec(line)!;
  return brokenAt(line, columns, ` ${start.slice(1)}  `, start.length)
    .split('\n')
    .map(colour);
}

function colourOf(line: string): (text: string) => string {
  if (line.startsWith('---') || line.startsWith('+++')) return kleur.bold;
  if (line.startsWith('@@')) return kleur.cyan;
  if (line.startsWith('+')) return kleur.green;
  if (line.startsWith('-')) return kleur.red;
  return (text) => text;
}
