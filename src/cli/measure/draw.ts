/** What was measured as rows of a terminal: counts, medians and bars. */
import kleur from 'kleur';
import { noticeLine } from '../show-plan.js';
import { printable } from '../terminal/terminal.js';
import type { Compared, MeasuredCollection, MeasuredQuery } from './measurement.js';

/** Whether the two numbers are without and with the cache, or a first answer and the same again. */
export type MeasureKind = 'config' | 'site';

const LONGEST_SLUG = 16;
const LONGEST_BAR = 30;
const SHORTEST_BAR = 6;

/** The rows, none of them wider than the terminal. */
export function measuredLines(
  collections: readonly MeasuredCollection[],
  kind: MeasureKind,
  columns = 80,
): string[] {
  const measured = collections.filter((it) => it.status === 'measured');
  const queries = measured.flatMap((it) => it.queries);
  const others = collections.flatMap((it) => otherLine(it));
  if (queries.length === 0) return [...others, ...(others.length > 0 ? [''] : []), nothingMeasured(kind)];

  const slugWidth = Math.min(LONGEST_SLUG, Math.max(...measured.map(({ slug }) => slug.length)));
  const calls = queries.map((query) => (query.calls ? comparedText(query.calls, whole) : ''));
  const times = queries.map(({ ms }) => comparedText(ms, milliseconds));
  const callsTitle = kind === 'config' ? 'calls' : '';
  const callsWidth = Math.max(callsTitle.length, ...calls.map(({ length }) => length));
  const timesWidth = Math.max(2, ...times.map(({ length }) => length));
  const used = 2 + slugWidth + 2 + 7 + (callsWidth > 0 ? 2 + callsWidth : 0) + 2 + timesWidth + 2;
  const barWidth = Math.min(LONGEST_BAR, columns - used);
  const longest = Math.max(...queries.map(({ ms }) => Math.max(ms.without, ms.with)));
  const row = (slug: string, query: string, call: string, time: string) =>
    `  ${slug}  ${query.padEnd(7)}${callsWidth > 0 ? `  ${call.padStart(callsWidth)}` : ''}  ${time.padStart(timesWidth)}`;

  let at = 0;
  const rows = measured.flatMap(({ slug, queries: ofCollection }) =>
    ofCollection.map((query, position) => {
      const name = position === 0 ? fitting(printable(slug), slugWidth) : '';
      const text = row(
        name.padEnd(slugWidth),
        query.query === 'find' ? `find ${query.documents}` : 'by id',
        calls[at]!,
        times[at]!,
      );
      at += 1;
      return barWidth < SHORTEST_BAR ? text : `${text}  ${bar(query.ms, longest, barWidth)}`;
    }),
  );
  const [one, other] = kind === 'config' ? ['without', 'with the cache'] : ['first', 'asked again'];
  return [
    kleur.bold(`${one} → ${other}`),
    kleur.dim(row(' '.repeat(slugWidth), '', callsTitle, 'ms')),
    ...rows,
    ...(others.length > 0 ? ['', ...others] : []),
    '',
    totalLine(queries, kind),
  ];
}

function totalLine(queries: readonly MeasuredQuery[], kind: MeasureKind): string {
  const sum = (value: (query: MeasuredQuery) => Compared): Compared =>
    queries
      .map(value)
      .reduce((total, each) => ({ without: total.without + each.without, with: total.with + each.with }), {
        without: 0,
        with: 0,
      });
  const ms = comparedText(
    sum((query) => query.ms),
    milliseconds,
  );
  if (kind === 'site') return `Each of these once: ${kleur.bold(`${ms} ms`)}.`;
  const calls = comparedText(
    sum(({ calls = { without: 0, with: 0 } }) => calls),
    whole,
  );
  return `Each of these once: ${kleur.bold(`${calls} database calls, ${ms} ms`)}.`;
}

function otherLine(collection: MeasuredCollection): string[] {
  const slug = printable(collection.slug);
  switch (collection.status) {
    case 'empty':
      return [`  ${kleur.dim(`${slug}: no documents`)}`];
    case 'not-cached':
      return [`  ${kleur.dim(`${slug}: not cached`)}`];
    case 'measured':
      return (collection.refused ?? []).map(({ query, httpStatus }) =>
        skippedLine(`${slug} ${query === 'find' ? 'find' : 'by id'}`, httpStatus),
      );
    case 'refused':
      return [skippedLine(slug, collection.httpStatus)];
    case 'failed':
      return [
        noticeLine(
          collection.failure === 'writes'
            ? `${slug}: skipped, a hook of its reads writes to the database, and nothing is written here.`
            : `${slug}: could not be read (${printable(collection.failure)}).`,
        ),
      ];
  }
}

function skippedLine(what: string, httpStatus: number): string {
  const why = [401, 403].includes(httpStatus)
    ? 'only who is logged in may read it'
    : `the site answers ${httpStatus}`;
  return `  ${kleur.dim(`${what}: skipped, ${why}`)}`;
}

function nothingMeasured(kind: MeasureKind): string {
  return kind === 'config'
    ? 'There is nothing to measure: no cached collection has documents yet.'
    : 'There is nothing to measure: no cached collection has documents that everybody may read.';
}

/** What is needed with the cache, and behind it what is saved. */
function bar(ms: Compared, longest: number, width: number): string {
  const cells = (value: number) => (longest === 0 ? 0 : Math.round((value / longest) * width));
  const kept = Math.max(1, cells(Math.min(ms.with, ms.without)));
  const all = Math.max(kept, cells(ms.without));
  const more = Math.max(0, cells(ms.with) - all);
  return kleur.green('█'.repeat(kept)) + kleur.dim('░'.repeat(all - kept)) + kleur.red('█'.repeat(more));
}

function comparedText({ without, with: cached }: Compared, text: (value: number) => string): string {
  return `${text(without)} → ${text(cached)}`;
}

const whole = (value: number): string => String(Math.round(value * 10) / 10);
const milliseconds = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(1));

function fitting(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}
