/** The person's end of the command line: two streams, colour where it is wanted, and whether questions can be asked. */
import type { Readable, Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import kleur from 'kleur';

/** Where a command speaks. */
export interface Terminal {
  /** A line for a person on standard output; nothing with `--json`. */
  say(line?: string): void;
  /** The one JSON document of a `--json` run, on standard output; nothing without it. */
  document(value: unknown): void;
  /** A line on standard error: what is going on, and what went wrong. */
  note(line: string): void;
  /** Whether a question can be asked and answered. */
  interactive: boolean;
  json: boolean;
  verbose: boolean;
  stdin: Readable;
  stdout: Writable;
}

/** What a terminal is made of. */
export interface TerminalOptions {
  json?: boolean;
  verbose?: boolean;
  stdin?: Readable & { isTTY?: boolean };
  stdout?: Writable & { isTTY?: boolean; columns?: number };
  stderr?: Writable & { isTTY?: boolean; columns?: number };
  env?: NodeJS.ProcessEnv;
}

/** Makes a terminal of the process's streams, or of others. Sets whether kleur colours. */
export function createTerminal(options: TerminalOptions = {}): Terminal {
  const {
    stdin = process.stdin,
    stdout = process.stdout,
    stderr = process.stderr,
    env = process.env,
  } = options;
  const json = options.json === true;
  kleur.enabled = !json && usesColour(stdout, env);
  return {
    say: (line = '') => void (json || stdout.write(`${fitted(line, stdout)}\n`)),
    document: (value) => void (json && stdout.write(`${printableJSON(value)}\n`)),
    note: (line) => void stderr.write(`${fitted(line, stderr)}\n`),
    interactive: !json && stdin.isTTY === true && stdout.isTTY === true,
    json,
    verbose: options.verbose === true,
    stdin,
    stdout,
  };
}

function usesColour(stdout: { isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0';
  return stdout.isTTY === true && env.TERM !== 'dumb';
}

/** JSON in which nothing can move a cursor or change the direction of writing: it stands there escaped, and is the same. */
export function printableJSON(value: unknown, indentation = 2): string {
  return JSON.stringify(value, undefined, indentation).replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Text of a file or a slug for a terminal: nothing in it can move the cursor or change colours. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, (char) =>
    char === '\t' || char === '\n' ? char : char === '\r' ? '' : '�',
  );
}

/** Text of anybody in one row of a terminal. */
export function oneLine(text: string): string {
  return printable(text).replace(/[\n\t]+/g, ' ');
}

/**
 * Sentences, broken between words where the terminal ends: below their mark, such as `! `, or below the value of a
 * fact, or a little further in than they began. Diffs and lines to be pasted stay as they are, and so does everything
 * that no terminal shows.
 */
export function fitted(text: string, terminal: { isTTY?: boolean; columns?: number }): string {
  const { isTTY, columns } = terminal;
  if (!isTTY || !columns) return text;
  return text
    .split('\n')
    .map((line) => fittedLine(line, columns))
    .join('\n');
}

/** Lines four spaces in, which elsewhere are code to be pasted, where they are sentences: broken between words too. */
export function fittedDetails(
  text: string,
  terminal: Writable & { isTTY?: boolean; columns?: number },
): string {
  const { isTTY, columns } = terminal;
  if (!isTTY || !columns) return text;
  const isDetail = (line: string) => stripVTControlCharacters(line).startsWith('    ');
  return text
    .split('\n')
    .map((line) => (isDetail(line) ? brokenAt(line, columns, '    ') : line))
    .join('\n');
}

/** A mark, a name in a column of ten, or a sentence that begins at the edge or two spaces from it. */
const SENTENCE = /^(?: *[!✓✗→] +| {2}[-+~] | {2}(?=[a-z][a-z ]{8} \S).{10}|(?: {2})?(?=\p{L}))/u;

/** What begins a row that goes on. */
const DETAIL = '    ';

/** Where a line goes on behind as many characters that can be seen, and the colours that end there. */
function behind(line: string, count: number): number {
  for (let at = line.length; at > 0; at--) {
    const [before, after] = [line.slice(0, at), line.slice(at)].map(
      (it) => stripVTControlCharacters(it).length,
    );
    if (before === count && before + after! === stripVTControlCharacters(line).length) return at;
  }
  return 0;
}

function fittedLine(line: string, columns: number): string {
  const bare = stripVTControlCharacters(line);
  const mark = SENTENCE.exec(bare)?.[0];
  if (mark === undefined || widthOf(bare) <= columns) return line;
  const [word] = bare.slice(mark.length).split(' ');
  const hasRoom = (indentation: number) => indentation + widthOf(word!) <= columns;
  // Behind a column of names, a path may find room only in a row of its own.
  if (mark.length > DETAIL.length && !hasRoom(mark.length) && hasRoom(DETAIL.length)) {
    const at = behind(line, mark.length);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a colour may end behind the blanks
    const name = line.slice(0, at).replace(/ +((?:\u001b\[[\d;]*m)*)$/, '$1');
    return `${name}\n${brokenAt(DETAIL + line.slice(at), columns, DETAIL)}`;
  }
  return brokenAt(line, columns, mark === '  ' ? '    ' : ' '.repeat(mark.length), mark.length);
}

/**
 * A line broken between words, so that no row is longer than the terminal is wide; a longer word stays whole.
 * @param indentation what further rows begin with
 * @param mark length of what no row is to end behind
 */
export function brokenAt(
  line: string,
  columns: number,
  indentation: string,
  mark = indentation.length,
): string {
  const rows: string[] = [];
  const [first, ...words] = line.trimStart().split(' ');
  let row = line.slice(0, line.length - line.trimStart().length) + first;
  for (const word of words) {
    const isFull = widthOf(`${row} ${word}`) > columns && stripVTControlCharacters(row).length > mark;
    if (isFull) rows.push(row.trimEnd());
    row = isFull ? indentation + word : `${row} ${word}`;
  }
  return [...rows, row].join('\n');
}

/** Characters that take two columns, as those of Chinese, Japanese and Korean and emoji do. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;

/** How many columns a line takes: colours and combining marks none, a tab those up to the next stop. */
export function widthOf(line: string): number {
  let width = 0;
  for (const char of stripVTControlCharacters(line)) {
    if (char === '\t') width += 8 - (width % 8);
    else if (!/[\p{Mn}\u200d]/u.test(char)) width += WIDE.test(char) ? 2 : 1;
  }
  return width;
}

/** A text with blanks behind it, up to a width. */
export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** The beginning of a text, as far as it has room. */
export function clipped(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let shown = '';
  for (const char of text) {
    if (widthOf(shown + char) > width - 1) break;
    shown += char;
  }
  return `${shown}…`;
}

/** How wide the terminal is; `undefined` where there is none. */
export function columnsOf({ stdout }: Terminal): number | undefined {
  const { isTTY, columns } = stdout as Writable & { isTTY?: boolean; columns?: number };
  return isTTY ? columns || undefined : undefined;
}
