/**
 * A view that is drawn anew every few seconds. On a terminal it has the screen to itself, each frame is written at once and
 * over the one before, and the last one is left behind. Where there is no terminal, one frame follows another.
 */
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import kleur from 'kleur';
import { EXIT } from '../failure.js';
import { brokenAt, oneLine, printableJSON, type Terminal } from './terminal.js';

/** Seconds between two frames where nobody says it. */
const INTERVAL = 2;
/** Columns where no terminal says how many it has, and where more would make rows hard to follow. */
const [COLUMNS, MOST_COLUMNS] = [80, 120];

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
/** The terminal shows a frame once it is there, if it knows how to. */
const [BEGIN, END] = ['\u001b[?2026h', '\u001b[?2026l'];

/** What is watched. */
export interface LiveView<Seen extends object> {
  /** Asked for each frame. What it throws at first ends the view; later it is shown, and the view goes on. */
  ask(): Promise<Seen>;
  /** A frame, no row wider than so many columns. */
  draw(seen: Seen, columns: number): string[];
  /** What `--json` has of it, in one line for each frame. */
  document(seen: Seen): unknown;
}

/** How wide a view may be. */
export function viewColumns({ stdout }: Pick<Terminal, 'stdout'>): number {
  const { isTTY, columns } = stdout as Writable & { isTTY?: boolean; columns?: number };
  return isTTY && columns ? Math.min(columns, MOST_COLUMNS) : COLUMNS;
}

/**
 * Draws once, or with `watch` until somebody ends it.
 * @returns the exit code
 */
export async function show<Seen extends object>(
  view: LiveView<Seen>,
  watch: number | true | undefined,
  terminal: Terminal,
): Promise<number> {
  if (watch !== undefined) return watchView(view, watch === true ? INTERVAL : watch, terminal);
  const seen = await view.ask();
  for (const line of view.draw(seen, viewColumns(terminal))) terminal.say(line);
  terminal.document(view.document(seen));
  return EXIT.ok;
}

type Keyboard = Readable & { isTTY?: boolean; setRawMode?(isRaw: boolean): unknown };

async function watchView<Seen extends object>(
  view: LiveView<Seen>,
  seconds: number,
  terminal: Terminal,
): Promise<number> {
  const { json, interactive } = terminal;
  const stdout = terminal.stdout as Writable & { isTTY?: boolean; columns?: number; rows?: number };
  // Before the screen is taken: an error is then read where the command was typed.
  let seen = await view.ask();
  let trouble: string | undefined;
  const frame = (): string[] => [
    ...view.draw(seen, viewColumns(terminal)),
    ...(trouble === undefined
      ? []
      : [
          '',
          ...brokenAt(
            `  ${kleur.yellow('!')} ${trouble} It is asked again.`,
            viewColumns(terminal),
            '    ',
          ).split('\n'),
        ]),
  ];
  if (!interactive || process.env.TERM === 'dumb') {
    const end = endBySignal();
    try {
      for (let isFirst = true; ; isFirst = false) {
        if (json) stdout.write(`${printableJSON(view.document(seen), 0)}\n`);
        else for (const line of [...(isFirst ? [] : ['']), ...frame()]) terminal.say(line);
        await pause(seconds, end.signal);
        if (end.signal.aborted) return EXIT.interrupted;
        // Nobody is there to see that it goes on: an error ends it.
        const answer = await Promise.race([view.ask(), aborted(end.signal)]);
        if (answer === undefined) return EXIT.interrupted;
        seen = answer;
      }
    } finally {
      end.forget();
    }
  }

  const end = endBySignal(terminal.stdin as Keyboard);
  const draw = (): void => {
    const rows = stdout.rows || 24;
    const lines = frame();
    const shown = lines.length < rows ? lines : [...lines.slice(0, rows - 2), kleur.dim('  …')];
    const text = [...shown, kleur.dim(`  Every ${seconds} s; q ends it.`)].slice(0, rows);
    stdout.write(`${BEGIN}\u001b[H${text.map((line) => `${line}\u001b[K`).join('\n')}\u001b[J${END}`);
  };
  stdout.write(ENTER);
  stdout.on('resize', draw);
  try {
    while (!end.signal.aborted) {
      draw();
      await pause(seconds, end.signal);
      if (end.signal.aborted) break;
      try {
        const answer = await Promise.race([view.ask(), aborted(end.signal)]);
        if (answer === undefined) break;
        seen = answer;
        trouble = undefined;
      } catch (error) {
        trouble = oneLine(error instanceof Error ? error.message : String(error));
      }
    }
  } finally {
    stdout.off('resize', draw);
    end.forget();
    stdout.write(LEAVE);
  }
  for (const line of frame()) terminal.say(line);
  return end.signal.reason === 'q' ? EXIT.ok : EXIT.interrupted;
}

async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  await sleep(seconds * 1_000, undefined, { signal }).catch(() => undefined);
}

/** Settled once it is ended, however long an answer may take. */
function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
}

/** What ends a view: Ctrl-C, a signal, or the key q. */
function endBySignal(stdin?: Keyboard): { signal: AbortSignal; forget(): void } {
  const ended = new AbortController();
  const interrupt = (): void => ended.abort('interrupted');
  const onKeys = (keys: Buffer | string): void => {
    const text = String(keys);
    if (text.includes('\u0003')) interrupt();
    else if (/q/i.test(text)) ended.abort('q');
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  stdin?.setRawMode?.(true);
  stdin?.on('data', onKeys).once('end', interrupt).resume();
  return {
    signal: ended.signal,
    forget() {
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
      stdin?.off('data', onKeys).off('end', interrupt).pause();
      stdin?.setRawMode?.(false);
    },
  };
}
