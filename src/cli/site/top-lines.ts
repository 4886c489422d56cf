/** The most frequent queries, and those that one request asks again and again, in rows of a terminal. */
import kleur from 'kleur';
import type { HotQuery, RepeatedQuery, Statistics } from '../../runtime/observe/snapshot.js';
import { countText, millisecondsText, percentText, plainMilliseconds } from '../terminal/figures.js';
import { type Column, tableLines } from '../terminal/table.js';
import { brokenAt } from '../terminal/terminal.js';
import type { TopOrder } from './choices.js';
import { originLine } from './stats-lines.js';

/** What is shown of it. */
export interface TopView {
  by: TopOrder;
  /** Queries of each table. */
  limit: number;
}

const NUMBERS: Record<TopOrder, (query: HotQuery) => number> = {
  count: ({ count }) => count,
  saved: ({ saved }) => saved.time,
  // What the database took for it, of queries that were measured.
  time: ({ databaseTime, measured }) => databaseTime * measured,
  misses: ({ misses, stale }) => misses + stale,
};

/** The queries that stand at the top. */
export function topQueries({ hotQueries }: Statistics, { by, limit }: TopView): HotQuery[] {
  const numberOf = NUMBERS[by];
  return [...hotQueries].sort((one, other) => numberOf(other) - numberOf(one)).slice(0, limit);
}

const HOT: readonly Column[] = [
  { title: 'name', least: 8 },
  { title: 'op', least: 4, dispensable: 1 },
  { title: 'query', least: 16 },
  { title: 'count', right: true },
  { title: 'hits', right: true },
  { title: 'db ms', right: true, dispensable: 2 },
  { title: 'saved', right: true },
];

const REPEATED: readonly Column[] = [
  { title: 'name', least: 8 },
  { title: 'query', least: 16 },
  { title: 'requests', right: true },
  { title: 'most', right: true },
  { title: 'db time', right: true, dispensable: 2 },
  { title: 'where', least: 12, dispensable: 1 },
];

/** The rows, none wider than so many columns. */
export function topLines(statistics: Statistics, place: string, view: TopView, columns: number): string[] {
  const hot = topQueries(statistics, view);
  const repeated = statistics.repeatedQueries.slice(0, view.limit);
  const shapeOf = (shape: string): string => (shape === '' ? 'all' : shape);
  const dim = (text: string): string[] =>
    brokenAt(`  ${text}`, columns, '  ')
      .split('\n')
      .map((line) => kleur.dim(line));
  return [
    originLine(statistics, place, columns),
    '',
    ...(hot.length === 0
      ? dim('Nothing was asked yet.')
      : tableLines(
          HOT,
          hot.map((query) => [
            query.name,
            query.operation,
            shapeOf(query.shape),
            // An upper bound where others had to make room for it.
            `${query.error > 0 ? '≤ ' : ''}${countText(query.count)}`,
            percentText(query.hits, query.hits + query.misses + query.stale),
            query.measured > 0 ? plainMilliseconds(query.databaseTime) : '-',
            query.saved.calls > 0 ? millisecondsText(query.saved.time) : '-',
          ]),
          columns,
        )),
    ...(repeated.length === 0 ? [] : ['', ...repeatedLines(repeated, columns)]),
  ];

  function repeatedLines(queries: readonly RepeatedQuery[], width: number): string[] {
    return [
      ...dim('Asked again and again within one request:'),
      ...tableLines(
        REPEATED,
        queries.map((query) => [
          query.name,
          shapeOf(query.shape),
          countText(query.requests),
          countText(query.most),
          millisecondsText(query.databaseTime),
          query.place ?? '',
        ]),
        width,
      ),
    ];
  }
}
