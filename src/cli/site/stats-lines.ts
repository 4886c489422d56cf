/** Statistics in rows of a terminal. */
import kleur from 'kleur';
import { type Statistics, TIMED } from '../../runtime/observe/snapshot.js';
import type { CacheCounts } from '../../runtime/stats/stats.js';
import {
  bytesText,
  countText,
  millisecondsText,
  percentText,
  plainMilliseconds,
  secondsText,
} from '../terminal/figures.js';
import { type Cell, type Column, factLines, tableLines } from '../terminal/table.js';
import { brokenAt, clipped, oneLine } from '../terminal/terminal.js';

/** Rows of each table, unless all are wanted. */
const MOST_NAMES = 15;

/** Where the numbers come from, and of how many processes they are: the first row of each view of them. */
export function originLine(statistics: Statistics, place: string, columns: number): string {
  const { scope, processes, since, at } = statistics;
  const of =
    scope === 'process'
      ? 'of one process only'
      : `of ${processes === 1 ? 'one process' : `${processes} processes`}, added up`;
  const up = `for ${secondsText(Math.max(0, at - since) / 1_000)}`;
  return `  ${kleur.bold(clipped(oneLine(place), Math.max(10, columns - of.length - up.length - 6)))}  ${of}, ${up}`;
}

/** Totals, parts, collections and durations, none of the rows wider than so many columns. */
export function statsLines(statistics: Statistics, place: string, columns: number): string[] {
  const { counts, saved } = statistics;
  const { total } = counts;
  return [
    originLine(statistics, place, columns),
    '',
    ...factLines(
      [
        [
          'hit ratio',
          `${percentText(total.hits, lookupsOf(total))} of ${countText(lookupsOf(total))} lookups`,
        ],
        [
          'saved',
          `${countText(saved.calls)} calls of the database, about ${millisecondsText(saved.time)} of its time`,
        ],
        ...bypassFacts(total),
        ['made stale', `by ${countText(total.invalidations)} writes`],
        ...partFacts(statistics),
        ...nearFacts(statistics),
        ...troubleFacts(statistics),
      ],
      columns,
    ),
    '',
    ...nameLines(statistics, columns),
    '',
    ...durationLines(statistics, columns),
    ...hintLines(statistics, columns),
  ];
}

const lookupsOf = ({ hits, misses, stale }: CacheCounts): number => hits + misses + stale;
const sumOf = (numbers: Record<string, number | undefined>): number =>
  Object.values(numbers).reduce<number>((sum, each) => sum + (each ?? 0), 0);

type Fact = [name: string, value: string];

function bypassFacts({ bypasses }: CacheCounts): Fact[] {
  const all = Object.entries(bypasses).sort(([, one = 0], [, other = 0]) => other - one);
  if (all.length === 0) return [];
  const reasons = all.map(([reason, count = 0]) => `${countText(count)} ${oneLine(reason)}`).join(', ');
  return [['bypassed', reasons]];
}

function partFacts({ store, registry }: Statistics): Fact[] {
  return (['store', 'registry'] as const).map((part): Fact => {
    const { name, shared, breaker } = { store, registry }[part];
    const state =
      breaker === 'open' ? kleur.red(', given up for the moment: breaker open') : ', breaker closed';
    return [part, `${oneLine(name)}, ${shared ? 'shared' : 'in this process only'}${state}`];
  });
}

function nearFacts({ near, scope, processes }: Statistics): Fact[] {
  if (!near) return [];
  const { entries, maxEntries, bytes, maxBytes, evictions } = near;
  const where = scope === 'all' && processes > 1 ? ' in all' : '';
  return [
    [
      'in memory',
      `${countText(entries)} of ${countText(maxEntries)} entries, ${bytesText(bytes)} of ${bytesText(maxBytes)}, ${countText(evictions)} evicted${where}`,
    ],
  ];
}

function troubleFacts({ errors, breakersOpened, lateReplacements, pending }: Statistics): Fact[] {
  const faults = Object.entries(errors).sort(([, one], [, other]) => other - one);
  const facts: Fact[] = [];
  if (faults.length > 0)
    facts.push([
      'errors',
      kleur.yellow(faults.map(([reason, count]) => `${countText(count)} ${oneLine(reason)}`).join(', ')),
    ]);
  if (breakersOpened > 0) facts.push(['breakers', kleur.yellow(`opened ${countText(breakersOpened)} times`)]);
  if (lateReplacements > 0)
    facts.push([
      'late',
      kleur.yellow(`${countText(lateReplacements)} replacements went on in the background`),
    ]);
  if (pending > 0) facts.push(['pending', `${countText(pending)} entries or tags are being written`]);
  return facts;
}

const NAME_COLUMNS: readonly Column[] = [
  { title: 'name', least: 12 },
  { title: 'hits', right: true },
  { title: 'misses', right: true },
  { title: 'stale', right: true },
  { title: 'bypassed', right: true, dispensable: 2 },
  { title: 'ratio', right: true },
  { title: 'saved', right: true, dispensable: 1 },
  { title: 'ttl', right: true, dispensable: 3 },
];

/** Collections, globals and namespaces of functions, the most asked first. */
function nameLines({ counts, savedBy, policies }: Statistics, columns: number): string[] {
  const named: [string, CacheCounts][] = [
    ...Object.entries(counts.collections),
    ...Object.entries(counts.globals).map(([name, each]): [string, CacheCounts] => [`@${name}`, each]),
    ...Object.entries(counts.functions).map(([name, each]): [string, CacheCounts] => [
      name === '' ? 'functions' : `${name} ()`,
      each,
    ]),
  ];
  const asked = (each: CacheCounts): number => lookupsOf(each) + sumOf(each.bypasses);
  const all = named
    .filter(([, each]) => asked(each) > 0)
    .sort(([, one], [, other]) => asked(other) - asked(one));
  if (all.length === 0) return [kleur.dim('  Nothing was asked yet.')];
  const rows = all.slice(0, MOST_NAMES).map(([name, each]): Cell[] => {
    const { ttl } = policies[name] ?? {};
    return [
      name,
      countText(each.hits),
      countText(each.misses),
      countText(each.stale),
      countText(sumOf(each.bypasses)),
      percentText(each.hits, lookupsOf(each)),
      savedBy[name]?.calls ? millisecondsText(savedBy[name].time) : '-',
      ttl === undefined ? '-' : secondsText(ttl),
    ];
  });
  const more = all.length - rows.length;
  return [
    ...tableLines(NAME_COLUMNS, rows, columns),
    ...(more > 0 ? [kleur.dim(`  and ${more} more; --json has all`)] : []),
  ];
}

function durationLines({ latency }: Statistics, columns: number): string[] {
  const rows = TIMED.flatMap((name) => {
    const each = latency[name];
    if (!each || each.count === 0) return [];
    return [[name, countText(each.count), ...[each.p50, each.p95, each.p99].map(plainMilliseconds)]];
  });
  if (rows.length === 0) return [];
  const titles = ['milliseconds', 'count', 'p50', 'p95', 'p99'];
  return tableLines(
    titles.map((title, index) => ({ title, ...(index > 0 ? { right: true } : {}) })),
    rows,
    columns,
  );
}

function hintLines({ scope, store }: Statistics, columns: number): string[] {
  if (scope === 'all' || !store.shared) return [];
  const hint =
    'Other processes of the site have numbers of their own: --all adds up those that they write down.';
  return [
    '',
    ...brokenAt(`  ${hint}`, columns, '  ')
      .split('\n')
      .map((line) => kleur.dim(line)),
  ];
}
