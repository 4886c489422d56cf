/** Rows in columns that fit a terminal: what can be shortened gives way first, then what can be done without. */
import kleur from 'kleur';
import { brokenAt, clipped, oneLine, padded, widthOf } from './terminal.js';

/** A column. */
export interface Column {
  title: string;
  /** Numbers stand at the right. Default `false`. */
  right?: boolean;
  /** Columns that are left of it at least where it is shortened. Default: it is not. */
  least?: number;
  /** Where there is no room, the column with the highest number goes first. Default: it stays. */
  dispensable?: number;
}

/** A cell: its text, and how it is coloured. */
export type Cell = string | { text: string; colour(text: string): string };

const GAP = '  ';

/** The rows under their titles, none wider than so many columns. What cells hold may come from anybody. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  width: number,
): string[] {
  const texts = rows.map((cells) =>
    cells.map((cell) => oneLine(typeof cell === 'string' ? cell : cell.text)),
  );
  const widest = columns.map(({ title }, index) =>
    Math.max(widthOf(title), ...texts.map((cells) => widthOf(cells[index] ?? ''))),
  );
  const { shown, widths } = fittedColumns(columns, widest, width);
  const line = (cells: readonly string[], colours?: readonly Cell[]): string => {
    const row = shown.map((index) => {
      const text = clipped(cells[index] ?? '', widths[index]!);
      const blanks = ' '.repeat(widths[index]! - widthOf(text));
      const cell = colours?.[index];
      const coloured = typeof cell === 'object' ? cell.colour(text) : text;
      return columns[index]!.right ? blanks + coloured : coloured + blanks;
    });
    return `${GAP}${row.join(GAP)}`.trimEnd();
  };
  return [
    kleur.bold(line(columns.map(({ title }) => title))),
    ...texts.map((cells, index) => line(cells, rows[index])),
  ];
}

/** Which columns have room, and how much. */
function fittedColumns(
  columns: readonly Column[],
  widest: readonly number[],
  width: number,
): { shown: number[]; widths: number[] } {
  let shown = columns.map((_, index) => index);
  for (;;) {
    const widths = [...widest];
    const excess = (): number => shown.reduce((sum, index) => sum + GAP.length + widths[index]!, 0) - width;
    // The widest gives way first.
    for (const index of [...shown].sort((one, other) => widest[other]! - widest[one]!)) {
      const { least } = columns[index]!;
      if (least !== undefined && excess() > 0)
        widths[index] = Math.max(Math.min(least, widths[index]!), widths[index]! - excess());
    }
    const leaving = shown.reduce<number | undefined>((found, index) => {
      const [own, other = 0] = [columns[index]!.dispensable ?? 0, columns[found ?? -1]?.dispensable];
      return own > other ? index : found;
    }, undefined);
    if (excess() > 0 && leaving !== undefined) {
      shown = shown.filter((index) => index !== leaving);
      continue;
    }
    // Narrower than anything: each gives way.
    for (const index of [...shown].sort((one, other) => widths[other]! - widths[one]!))
      widths[index] = Math.max(1, widths[index]! - Math.max(0, excess()));
    return { shown, widths };
  }
}

/** Facts, one below the other: names in a column, values behind them, broken between words at the width. */
export function factLines(
  facts: readonly (readonly [name: string, value: string])[],
  width: number,
): string[] {
  const room = Math.max(...facts.map(([name]) => widthOf(name)));
  const indentation = ' '.repeat(room + 4);
  return facts.flatMap(([name, value]) =>
    brokenAt(`  ${kleur.dim(padded(name, room))}  ${value}`, width, indentation, indentation.length).split(
      '\n',
    ),
  );
}
