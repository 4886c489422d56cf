/** How questions look and which keys answer them. Loaded when the first one is asked. */
import type { Readable, Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import {
  createPrompt,
  isDownKey,
  isEnterKey,
  isSpaceKey,
  isTabKey,
  isUpKey,
  type KeypressEvent,
  useEffect,
  useKeypress,
  usePagination,
  useState,
} from '@inquirer/core';
import kleur from 'kleur';
import { brokenAt } from './terminal.js';

/** The end of a terminal that shows questions. */
export type Screen = Writable & { columns?: number; rows?: number };

/** What all questions have. */
interface Question {
  message: string;
  screen: Screen;
  /** Called where the input ends without an answer. */
  onInputEnd(): void;
}

/** A question that is answered by typing. */
export interface TypedQuestion extends Question {
  /** Stands behind the question until something is typed. */
  hint: string;
  /** What is typed by the tab key, as long as nothing else is. */
  proposal?: string;
  /** The answer that a line means, and how it is shown; or what is wrong with it. */
  read(line: string): { answer: string } | { problem: string };
}

/** A row of a list. */
export interface Row {
  title: string;
  value: string;
  description?: string;
}

/** A question that is answered from a list. */
export interface ListQuestion extends Question {
  rows: readonly Row[];
  /** The values that are chosen at first; of a list that yields one, the first of them is where it begins. */
  chosen: readonly string[];
  /** Whether several can be chosen. */
  many: boolean;
  /** The keys, in words. */
  hint: string;
}

/** Streams and signal of a question, as the library wants them. */
export interface QuestionContext {
  input: Readable;
  output: Writable;
  signal: AbortSignal;
}

type Readline = Parameters<Parameters<typeof useEffect>[0]>[0];

/** Most rows of a list that are shown at once. */
const LONGEST_PAGE = 15;
/** Rows that a question with a list leaves free: its hint and what is said of a row, both over two rows at most. */
const AROUND_PAGE = 5;

/** Asks for a line. */
export const askLine = createPrompt<string, TypedQuestion>((question, done) => {
  const { message, screen, hint, proposal, read } = question;
  const { columns } = useSize(screen);
  const [status, setStatus] = useStatus(question);
  const [line, setLine] = useState('');
  const [problem, setProblem] = useState('');
  useKeypress((key, readline) => {
    if (status !== 'asked') return;
    const write = (text: string) => {
      replaceLine(readline, text);
      setLine(text);
    };
    if (isEnterKey(key)) {
      const outcome = read(line.trim());
      if ('problem' in outcome) {
        // The line is emptied by the key; who mistyped wants to correct.
        write(line);
        setProblem(outcome.problem);
        return;
      }
      setLine(outcome.answer);
      setStatus('answered');
      done(outcome.answer);
    } else {
      setProblem('');
      if (isTabKey(key) && line === '' && proposal !== undefined) write(proposal);
      else if (withoutControls(readline.line) !== readline.line) write(withoutControls(readline.line));
      else setLine(readline.line);
    }
  });
  if (status !== 'asked') return ended(message, status, line, columns);
  const asked = `${message}${line === '' && hint !== '' ? ` ${kleur.dim(hint)}` : ''}`;
  return [
    withLine(asked, line, columns),
    problem === '' ? '' : brokenAt(`${kleur.red('!')} ${problem}`, columns, '  '),
  ];
});

/** Asks for one row of a list, or for any number of them. What is typed narrows the list. */
export const askList = createPrompt<string[], ListQuestion>((question, done) => {
  const { message, screen, rows, many, hint } = question;
  const { columns, rows: height } = useSize(screen);
  const [status, setStatus] = useStatus(question);
  const [filter, setFilter] = useState('');
  const [chosen, setChosen] = useState<readonly string[]>(many ? question.chosen : []);
  const [at, setAt] = useState(many ? undefined : question.chosen[0]);
  const shown = rows.filter(({ title }) => title.toLowerCase().includes(filter.toLowerCase()));
  // What is not shown for the moment is where it was, once the list is whole again.
  const active = Math.max(
    0,
    shown.findIndex(({ value }) => value === at),
  );
  const asked = withLine(message, filter, columns);
  const pageSize = Math.max(3, Math.min(LONGEST_PAGE, height - AROUND_PAGE - asked.split('\n').length));
  const current = shown[active];
  const answer = many ? rows.filter(({ value }) => chosen.includes(value)) : current ? [current] : [];

  useKeypress((key, readline) => {
    if (status !== 'asked') return;
    const keep = (line: string) => {
      setFilter(line);
      if (readline.line !== line) replaceLine(readline, line);
    };
    if (isEnterKey(key)) {
      // Nobody answers with what is out of sight, or with nothing.
      if (many && filter !== '') return keep('');
      if (!many && !current) return keep(filter);
      setStatus('answered');
      return done(answer.map(({ value }) => value));
    }
    if (key.name === 'escape') return keep('');
    const step = stepOf(key, active, shown.length, pageSize);
    if (step !== undefined) setAt(shown[step]?.value);
    else if (many && isSpaceKey(key)) setChosen(toggled(chosen, current ? [current] : []));
    else if (many && isTabKey(key)) setChosen(toggled(chosen, shown));
    else return keep(withoutControls(readline.line).trimStart());
    keep(filter);
  });

  const widest = Math.max(0, ...rows.map(({ title }) => title.length));
  const mark = many ? 4 : 2;
  const room = columns - mark - widest - 3;
  const page = usePagination({
    items: shown,
    active,
    pageSize,
    loop: false,
    renderItem: ({ item: { title, value, description = '' }, isActive }) => {
      const isChosen = chosen.includes(value);
      const box = many ? (isChosen ? kleur.green('◉ ') : '◯ ') : '';
      const told = description === '' || room < 16 ? '' : kleur.dim(shortened(description, room));
      const name = told === '' ? title : title.padEnd(widest + 2);
      return `${isActive ? kleur.cyan('❯') : ' '} ${box}${isActive ? kleur.cyan(name) : name}${told}`;
    },
  });
  if (status !== 'asked') {
    const titles = answer.map(({ title }) => title);
    return ended(message, status, many ? summary(titles, rows, columns) : (titles[0] ?? ''), columns);
  }
  const description = current?.description ?? '';
  const keys =
    many && filter !== ''
      ? 'space to choose, tab for these, enter to see all'
      : `${rows.length > pageSize ? 'type to filter, ' : ''}${hint}`;
  const count = many ? `${answer.length} of ${rows.length} chosen` : '';
  const below = [
    shown.length === 0 ? kleur.dim('  nothing is called so: escape shows all') : page,
    description.length > Math.max(room, 15) ? brokenAt(`  ${description}`, columns, '  ') : '',
    brokenAt(`  ${[count, keys].filter(Boolean).join(': ')}`, columns, '  ')
      .split('\n')
      .map((it) => kleur.dim(it))
      .join('\n'),
  ];
  return [asked, below.filter((it) => it !== '').join('\n')];
});

type Status = 'asked' | 'answered' | 'cancelled';

/** Ctrl-C and the end of the input (Ctrl-D) leave the question on one line; the latter is told to who asked. */
function useStatus({ onInputEnd }: Question): [Status, (status: Status) => void] {
  const [status, setStatus] = useState<Status>('asked');
  useEffect((readline) => {
    const ignore = () => {};
    const cancel = () => setStatus('cancelled');
    const close = () => {
      cancel();
      onInputEnd();
    };
    readline.on('SIGINT', cancel);
    readline.on('close', close);
    // Ctrl-Z would leave the input paused for ever, and under npx stop this process alone.
    readline.on('SIGTSTP', ignore);
    return () => {
      readline.removeListener('SIGINT', cancel);
      readline.removeListener('close', close);
      readline.removeListener('SIGTSTP', ignore);
    };
  }, []);
  return [status, setStatus];
}

/** The size of the terminal, whatever it is made to while a question stands. */
function useSize(screen: Screen): { columns: number; rows: number } {
  const size = () => `${screen.columns || 80}x${screen.rows || 24}`;
  const [known, setKnown] = useState(size());
  useEffect(() => {
    const resized = () => {
      // The terminal has broken the rows anew: what stands behind the cursor is not where it was written.
      screen.write('\x1B[J');
      setKnown(size());
    };
    screen.on('resize', resized);
    return () => void screen.off('resize', resized);
  }, []);
  const [columns, rows] = known.split('x').map(Number) as [number, number];
  return { columns, rows };
}

/** The question with what is typed behind it, or below it where there is no room. The cursor stands in the last row. */
function withLine(message: string, line: string, columns: number): string {
  const rows = brokenAt(`${kleur.cyan('?')} ${message}`, columns, '  ');
  const last = rows.slice(rows.lastIndexOf('\n') + 1);
  const fits = stripVTControlCharacters(last).length + 1 + line.length < columns;
  return `${rows}${fits ? ' ' : '\n  '}${line}`;
}

function ended(message: string, status: Status, answer: string, columns: number): string {
  const mark = status === 'cancelled' ? kleur.red('✗') : kleur.green('✓');
  const words = answer
    .split(' ')
    .map((word) => kleur.cyan(word))
    .join(' ');
  return brokenAt(`${mark} ${message}${status === 'cancelled' ? '' : ` ${words}`}`, columns, '  ');
}

/** What was chosen, in about two rows. */
function summary(titles: readonly string[], rows: readonly Row[], columns: number): string {
  if (titles.length === 0) return 'none';
  const room = columns * 2;
  const all = titles.join(', ');
  if (all.length <= room) return all;
  if (titles.length === rows.length) return `all ${rows.length}`;
  const others = rows.flatMap(({ title }) => (titles.includes(title) ? [] : [title])).join(', ');
  if (others.length <= room) return `all but ${others}`;
  const named = titles.filter((_, index) => titles.slice(0, index + 1).join(', ').length <= room);
  return `${named.join(', ')} and ${titles.length - named.length} more`;
}

/** Where a key leads in the list; nowhere if it is none that moves. */
function stepOf(key: KeypressEvent, active: number, count: number, page: number): number | undefined {
  if (count === 0) return undefined;
  if (isUpKey(key, ['emacs'])) return (active - 1 + count) % count;
  if (isDownKey(key, ['emacs'])) return (active + 1) % count;
  if (key.name === 'pageup') return Math.max(0, active - page);
  if (key.name === 'pagedown') return Math.min(count - 1, active + page);
  return undefined;
}

/** All of them, or none where all are chosen already. */
function toggled(chosen: readonly string[], rows: readonly Row[]): readonly string[] {
  const values = rows.map(({ value }) => value);
  const others = chosen.filter((value) => !values.includes(value));
  return values.every((value) => chosen.includes(value)) ? others : [...others, ...values];
}

function replaceLine(readline: Readline, text: string): void {
  readline.clearLine(0);
  readline.write(text);
}

/** What keys leave behind that mean nothing here. */
function withoutControls(line: string): string {
  return line.replace(/\p{Cc}/gu, '');
}

function shortened(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, room - 1)}…`;
}
