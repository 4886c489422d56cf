import { execa } from 'execa';

/** One line of a terminal, and when it got the text that it keeps. */
export interface TerminalLine {
  /** Text in runs of one style each. */
  runs: TextRun[];
  /** Milliseconds since the recording began. */
  at: number;
}

/** Characters of one style. */
export interface TextRun {
  text: string;
  /** Class names of the style: `bold`, `dim` and a colour. */
  style: string;
}

const COLOURS: Record<number, string> = {
  31: 'red',
  32: 'green',
  33: 'yellow',
  34: 'blue',
  35: 'magenta',
  36: 'cyan',
  90: 'dim',
};

interface Cell {
  character: string;
  style: string;
}

/** A terminal of so many columns that keeps all of its lines. Knows what the command line of this package prints. */
export function createTerminal(columns: number) {
  const rows: { cells: Cell[]; at: number }[] = [];
  let row = 0;
  let column = 0;
  let style = new Set<string>();

  const current = (at: number) => {
    while (rows.length <= row) rows.push({ cells: [], at });
    return rows[row]!;
  };

  function put(character: string, at: number): void {
    if (column >= columns) {
      row += 1;
      column = 0;
    }
    const line = current(at);
    while (line.cells.length < column) line.cells.push({ character: ' ', style: '' });
    line.cells[column] = { character, style: [...style].join(' ') };
    line.at = at;
    column += 1;
  }

  function select(codes: string): void {
    for (const code of codes.split(';').map(Number)) {
      if (code === 0) style = new Set();
      else if (code === 1) style.add('bold');
      else if (code === 2) style.add('dim');
      else if (code === 22) {
        style.delete('bold');
        style.delete('dim');
      } else if (code === 39) for (const colour of Object.values(COLOURS)) style.delete(colour);
      else if (COLOURS[code]) style.add(COLOURS[code]);
    }
  }

  return {
    write(text: string, at: number): void {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal is told with
      for (const [piece, parameters, command] of text.matchAll(/\x1b\[([\d;?]*)([A-Za-z])|[\s\S]/gu)) {
        if (command === 'm') select(parameters || '0');
        else if (command === 'G') column = Number(parameters || 1) - 1;
        else if (command === 'K') {
          const line = current(at);
          if (parameters === '2') line.cells.length = 0;
          else line.cells.length = Math.min(line.cells.length, column);
        } else if (command === 'A') row = Math.max(0, row - Number(parameters || 1));
        else if (command !== undefined) continue;
        else if (piece === '\n') {
          current(at);
          row += 1;
        } else if (piece === '\r') column = 0;
        else put(piece, at);
      }
    },
    lines(): TerminalLine[] {
      return rows.map(({ cells, at }) => ({ at, runs: runsOf(cells) }));
    },
  };
}

function runsOf(cells: readonly Cell[]): TextRun[] {
  const runs: TextRun[] = [];
  for (const { character, style } of cells) {
    const last = runs.at(-1);
    if (last?.style === style) last.text += character;
    else runs.push({ text: character, style });
  }
  return runs;
}

/** Runs a command in a terminal of its own and hands on what it prints, as it comes. */
export async function record(
  command: string,
  options: { cwd: string; columns: number; rows: number; env: Record<string, string> },
  write: (text: string) => void,
): Promise<void> {
  const { cwd, columns, rows, env } = options;
  // util-linux's `script` gives it a terminal: without one no colours are printed.
  const child = execa('script', ['-qfec', `stty cols ${columns} rows ${rows}; ${command}`, '/dev/null'], {
    cwd,
    env: { ...env, TERM: 'xterm-256color', CI: undefined },
    stdin: 'ignore',
    reject: false,
    buffer: false,
  });
  child.stdout.setEncoding('utf8');
  for await (const text of child.stdout) write(text as string);
  const { exitCode } = await child;
  if (exitCode !== 0) throw new Error(`${command} ended with ${exitCode}.`);
}
