/** What the demo says, as rows of a terminal: none is wider than {@link COLUMNS}. */
import kleur from 'kleur';
import { coloured } from '../src/cli/terminal/diff-line.js';
import { fitted, padded, widthOf } from '../src/cli/terminal/terminal.js';
import type { WrittenFile } from './commands.js';
import type { Api, Measurement, StoreName } from './measurement.js';

/** No row is wider. */
export const COLUMNS = 80;

/** How ways of reading are called. */
export const API_NAMES: Record<Api, string> = { local: 'Local API', rest: 'REST' };
/** How stores are called. */
export const STORE_NAMES: Record<StoreName, string> = {
  none: 'no cache',
  memory: 'memory',
  cloudflareKV: 'Cloudflare KV',
};

/** Where {@link KV_PUBLISHED_MS} stands, read on 2026-11-27. */
export const KV_SOURCE = 'https://developers.cloudflare.com/workers/platform/storage-options/';
/** What Cloudflare says that a read of a frequently read key typically takes: from, to. */
export const KV_PUBLISHED_MS = [0.5, 10] as const;

/** What is assumed, and not measured. */
export interface Distances {
  databaseMs: number;
  kvMs: number;
}

/** The measurements: per way of reading without a cache first, then the stores. */
export function inOrder(measurements: readonly Measurement[]): Measurement[] {
  const stores = Object.keys(STORE_NAMES);
  const rank = ({ api, store }: Measurement) => (api === 'local' ? 0 : 10) + stores.indexOf(store);
  return [...measurements].sort((one, other) => rank(one) - rank(other));
}

/** The calls that a store saves of those without a cache, from 0 to 1. */
export function savedShare(measurement: Measurement, measurements: readonly Measurement[]): number {
  const uncached = withoutCache(measurement.api, measurements);
  return 1 - measurement.hotDatabaseCallsPerView / uncached.hotDatabaseCallsPerView;
}

/** The share of lookups that were hits, as a person reads it. */
export function hitsText({ hot }: Measurement): string {
  return hot ? percent(hot.hits / hot.lookups) : '';
}

/** What the run has shown, calls saved first. */
export function resultLines(measurements: readonly Measurement[], distances: Distances): string[] {
  const uncached = measurements.filter(({ store }) => store === 'none');
  const cached = measurements.filter(({ store }) => store !== 'none');
  const most = (rows: readonly Measurement[], value: (row: Measurement) => number) =>
    Math.max(...rows.map(value));
  const calls = most(uncached, (row) => row.hotDatabaseCallsPerView);
  const left = most(cached, (row) => row.hotDatabaseCallsPerView);
  const statements = most(uncached, (row) => row.hotStatementsPerView);
  const kvCalls = most(cached, (row) => row.hotKvCallsPerView);
  return [
    ...sentence(
      `${kleur.bold(`The cache saves ${number(calls - left)} of ${number(calls)} database calls per page view.`)} ` +
        `Without it, a view of this blog makes ${number(calls)} calls, which run ${number(statements)} SQL ` +
        `statements. With it, a view of a page that was viewed before makes ${number(left)}; cached in Cloudflare ` +
        `KV, it makes ${number(kvCalls)} KV calls instead.`,
    ),
    '',
    ...callRows(measurements),
    '',
    ...timeRows(measurements),
    '',
    ...assumptionLines(distances),
  ];
}

function callRows(measurements: readonly Measurement[]): string[] {
  const row = (name: string, store: string, cells: readonly string[]) =>
    `  ${name.padEnd(11)}${store.padEnd(15)}${cells.map((cell, at) => cell.padStart([12, 12, 10, 10][at]!)).join('')}`;
  return [
    kleur.bold('Database calls per page view'),
    kleur.dim(row('read by', 'cached in', ['first view', 'next views', 'saved', 'hits'])),
    ...inOrder(measurements).map((it) =>
      row(API_NAMES[it.api], STORE_NAMES[it.store], [
        number(it.coldDatabaseCallsPerView),
        number(it.hotDatabaseCallsPerView),
        it.store === 'none' ? '' : percent(savedShare(it, measurements)),
        hitsText(it),
      ]),
    ),
  ];
}

function timeRows(measurements: readonly Measurement[]): string[] {
  const distances = measurements[0]?.times.map(({ databaseMs }) => databaseMs) ?? [];
  const row = (name: string, store: string, cells: readonly string[]) =>
    `  ${name.padEnd(11)}${store.padEnd(15)}${cells.map((cell) => cell.padStart(24)).join('')}`;
  return [
    kleur.bold('Milliseconds per page view, for pages that were viewed before: p50 / p95'),
    kleur.dim(row('read by', 'cached in', distances.map(distanceText))),
    ...inOrder(measurements).map((it) =>
      row(
        API_NAMES[it.api],
        STORE_NAMES[it.store],
        it.times.map(({ p50, p95 }) => `${number(p50)} / ${number(p95).padStart(5)}`),
      ),
    ),
  ];
}

/** A distance of the database in words. */
export function distanceText(databaseMs: number): string {
  return databaseMs === 0 ? 'database here, 0 ms' : `database ${databaseMs} ms away`;
}

/** What the times rest on. */
export function assumptionLines({ databaseMs, kvMs }: Distances): string[] {
  const [from, to] = KV_PUBLISHED_MS;
  return [
    ...sentence(
      `Counts and times are of this run. The round trips are assumed: each database call waits ${databaseMs} ms ` +
        `(--database-ms) or 0 ms, each KV call ${kvMs} ms (--kv-ms). KV is in this process for the times: Miniflare's ` +
        `would add its own. Cloudflare says that keys which are read often take ${from} to ${to} ms:`,
    ),
    `  ${KV_SOURCE}`,
  ];
}

/** What a command wrote: a row for each file, and the diff of `shown`. */
export function writtenLines(
  files: readonly WrittenFile[],
  shown: readonly WrittenFile[],
  whole: boolean,
): string[] {
  const width = Math.max(...files.map((file) => widthOf(file.path)));
  const rows = files.map(({ path, action, added, removed }) => {
    const counts = [
      ...(added > 0 ? [kleur.green(`+${added}`)] : []),
      ...(removed > 0 ? [kleur.red(`−${removed}`)] : []),
    ];
    return `  ${kleur.dim(action.padEnd(8))}${padded(path, width)}  ${counts.join(' ')}`;
  });
  return [...rows, ...shown.flatMap((file) => ['', ...diffLines(file, whole)])];
}

/** The diff; shortened, the lines that come and go, without those around them. */
export function diffLines({ diff, path }: WrittenFile, whole: boolean): string[] {
  const lines = diff.trimEnd().split('\n');
  const shown = whole ? lines : lines.filter((line) => /^[-+](?![-+]{2} )/.test(line));
  return [
    ...(whole ? [] : [kleur.bold(`  ${path}`)]),
    ...shown.flatMap((line) => coloured(line, COLUMNS - 4).map((row) => `    ${row}`)),
  ];
}

const LONGEST_BAR = 36;

/** Bars of the database calls per page view. */
export function pictureLines(measurements: readonly Measurement[]): string[] {
  const longest = Math.max(...measurements.map((row) => row.hotDatabaseCallsPerView));
  const cells = (calls: number) =>
    calls === 0 ? 0 : Math.max(1, Math.round((calls / longest) * LONGEST_BAR));
  const rows = inOrder(measurements).map((it) => {
    const [first, next] = [it.coldDatabaseCallsPerView, it.hotDatabaseCallsPerView];
    if (it.store === 'none') return { it, bar: kleur.red('█'.repeat(cells(next))), text: number(next) };
    const more = Math.max(0, cells(first) - cells(next));
    return {
      it,
      bar: kleur.green('█'.repeat(cells(next))) + kleur.dim('░'.repeat(more)),
      text: `${number(next)} (first view ${number(first)})`,
    };
  });
  return rows.flatMap(({ it, bar, text }) => [
    ...(it.store === 'none'
      ? [...(it === rows[0]?.it ? [] : ['']), `  ${kleur.bold(API_NAMES[it.api])}`]
      : []),
    `  ${it.store === 'none' ? 'before' : 'after '}  ${STORE_NAMES[it.store].padEnd(15)}${bar}${bar === '' ? '' : ' '}${text}`,
  ]);
}

/** Sentences in as many rows as they need. */
export function sentence(text: string): string[] {
  return fitted(text, { isTTY: true, columns: COLUMNS }).split('\n');
}

/** A share as a percentage: 100 % and 0 % are said only of all and nothing. */
export function percent(share: number): string {
  const whole = Math.round(share * 100);
  if (share >= 1 || share <= 0 || (whole !== 100 && whole !== 0)) return `${whole} %`;
  return `${Math.min(99.9, Math.max(0.1, share * 100)).toFixed(1)} %`;
}

/** A number as it is shown everywhere: 0.0 is said only of nothing. */
export function number(value: number): string {
  if (value > 0 && value < 0.05) return '<0.1';
  return value >= 1000 ? value.toFixed(0) : value.toFixed(1);
}

function withoutCache(api: Api, measurements: readonly Measurement[]): Measurement {
  const found = measurements.find((it) => it.store === 'none' && it.api === api);
  if (!found) throw new Error(`Nothing was measured without a cache through ${API_NAMES[api]}`);
  return found;
}
