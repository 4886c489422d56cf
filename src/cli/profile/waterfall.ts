/** A request as a waterfall of rows in a terminal. */
import kleur from 'kleur';
import { counted } from '../../plan/advice/evidence.js';
import { noticeLine } from '../show-plan.js';
import { clipped, oneLine, padded, widthOf } from '../terminal/terminal.js';
import { type ProfiledRun, repeatedIn, type Span, totalsOf } from './profiled.js';

/** Rows that are shown of one request. */
const MOST_ROWS = 200;
const LONGEST_OUTCOME = 18;
const TIME_WIDTH = 8;
const SHORTEST_BAR = 10;

/** A line that says what a request came to, and the rows of all that was done for it. */
export function waterfallLines(run: ProfiledRun, columns = 80): string[] {
  const { spans, notes } = run;
  const shown = spans.slice(0, MOST_ROWS);
  const total = Math.max(run.duration, ...spans.map(({ start, duration }) => start + duration), 0.001);
  const outcomes = shown.map(({ outcome }) => oneLine(outcome));
  const outcomeWidth = Math.min(LONGEST_OUTCOME, Math.max(7, ...outcomes.map(widthOf)));
  const room = columns - 2 - 2 - outcomeWidth - 2 - TIME_WIDTH - 2;
  const longest = Math.max(4, ...shown.map(({ what, depth }) => 2 * depth + widthOf(oneLine(what))));
  const whatWidth = Math.max(4, Math.min(longest, Math.floor(room * 0.6), room - SHORTEST_BAR));
  const barWidth = Math.max(0, room - whatWidth);
  const rows = shown.map((span, index) => {
    const indentation = '  '.repeat(Math.min(span.depth, 4));
    const what = padded(clipped(indentation + oneLine(span.what), whatWidth), whatWidth);
    const outcome = padded(clipped(outcomes[index]!, outcomeWidth), outcomeWidth);
    const time = milliseconds(span.duration).padStart(TIME_WIDTH);
    return `  ${what}  ${colourOf(span)(outcome)}  ${time}  ${bar(span, total, barWidth)}`.trimEnd();
  });
  const axis = `0${milliseconds(total).padStart(Math.max(0, barWidth - 1))}`;
  const heading = `  ${padded('what', whatWidth)}  ${padded('outcome', outcomeWidth)}  ${'ms'.padStart(TIME_WIDTH)}  ${barWidth >= SHORTEST_BAR ? axis : ''}`;
  return [
    ...(rows.length > 0 ? [kleur.dim(heading.trimEnd()), ...rows] : []),
    ...(spans.length > shown.length
      ? [kleur.dim(`  … and ${counted(spans.length - shown.length, 'more row')}`)]
      : []),
    '',
    totalsLine(run),
    ...repeatedIn(run).map(({ what, times }) =>
      noticeLine(`${oneLine(what)} was asked ${times} times in this request.`),
    ),
    ...notes.map((note) => noticeLine(oneLine(note))),
    ...incompleteNotes(run).map(noticeLine),
  ];
}

/** What is not known of a request. */
export function incompleteNotes({ dropped, complete, spans }: ProfiledRun): string[] {
  return [
    ...(dropped > 0 ? [`${counted(dropped, 'event')} went by too fast, and are missing.`] : []),
    ...(complete
      ? []
      : [
          spans.length === 0
            ? 'The process that was listened to did nothing for this request: another one has answered it, or a cache before the site.'
            : 'The site has not said that the request was over: something may be missing.',
        ]),
  ];
}

/** What a request came to, as a sentence. */
export function totalsLine(run: ProfiledRun): string {
  const { reads, hits, queries, databaseTime } = totalsOf(run);
  return `${counted(reads, 'read')}: ${counted(hits, 'hit')}, ${counted(queries, 'database query', 'database queries')} of ${milliseconds(databaseTime)} ms in ${milliseconds(run.duration)} ms.`;
}

/** Each request of several in a row, to compare the first with those after it. */
export function comparedLines(runs: readonly ProfiledRun[]): string[] {
  const rows = runs.map((run, index) => {
    const { reads, hits, queries, databaseTime } = totalsOf(run);
    return [
      String(index + 1),
      String(run.status),
      milliseconds(run.duration),
      String(reads),
      String(hits),
      String(queries),
      milliseconds(databaseTime),
    ];
  });
  const titles = ['request', 'status', 'ms', 'reads', 'hits', 'queries', 'database ms'];
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, column) => cell.padStart(widths[column]!)).join('  ')}`;
  return [kleur.dim(line(titles)), ...rows.map(line)];
}

/** Milliseconds as text. */
export function milliseconds(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 1 ? value.toFixed(1) : value.toFixed(2);
}

/** What a span is for whoever looks: green where the cache answered, yellow where it did not, red where it failed. */
export function toneOf({ outcome, kind }: Span): 'hit' | 'miss' | 'fault' | 'other' {
  if (outcome === 'failed') return 'fault';
  if (kind === 'call' || kind === 'write') return 'other';
  return outcome === 'hit' || outcome.startsWith('served stale') ? 'hit' : 'miss';
}

function colourOf(span: Span): (text: string) => string {
  const colours = { hit: kleur.green, miss: kleur.yellow, fault: kleur.red, other: kleur.dim };
  return colours[toneOf(span)];
}

/** When it was, of all the time of the request; what the database took of it is full. */
function bar(span: Span, total: number, width: number): string {
  if (width < SHORTEST_BAR) return '';
  const cell = (moment: number) => Math.round((Math.min(moment, total) / total) * width);
  const from = Math.min(cell(span.start), width - 1);
  const length = Math.max(1, Math.min(cell(span.start + span.duration), width) - from);
  if (span.duration * width < total / 2) return `${' '.repeat(from)}${colourOf(span)('▏')}`;
  const full = span.duration > 0 ? Math.round((span.database / span.duration) * length) : 0;
  return `${' '.repeat(from)}${colourOf(span)('░'.repeat(length - full) + '█'.repeat(full))}`;
}
