/** Entries in rows of a terminal. */
import kleur from 'kleur';
import { KEY_PREFIX } from '../../interfaces/keys.js';
import { bytesText, secondsText } from '../terminal/figures.js';
import { type Column, factLines, tableLines } from '../terminal/table.js';
import { oneLine } from '../terminal/terminal.js';
import type { EntriesPage, ShownEntry } from './source.js';
import { tagLines } from './why-lines.js';

const COLUMNS: readonly Column[] = [
  { title: 'key', least: 24 },
  { title: 'age', right: true },
  { title: 'left', right: true },
  { title: 'size', right: true },
  { title: 'is' },
  { title: 'tags', least: 10, dispensable: 1 },
];

/** A page in rows, none wider than so many columns; a single entry, when its key was asked for, with all that is known. */
export function entriesLines(
  { entries, scope }: EntriesPage,
  place: string,
  key: string | undefined,
  columns: number,
): string[] {
  const of = scope === 'process' ? 'in the memory of one process only' : 'in the store';
  const heading = `  ${kleur.bold(oneLine(place))}  ${of}`;
  if (entries.length === 0) return [heading, '', kleur.dim('  There are no entries of it here.')];
  if (key !== undefined && entries.length === 1) return [heading, '', ...entryLines(entries[0]!, columns)];
  const rows = entries.map((entry) => [
    // The hash at its end tells keys apart: what is before it is shortened first.
    shortKey(entry.key),
    timeText(entry.age),
    timeText(entry.left),
    entry.bytes === null ? '-' : bytesText(entry.bytes),
    { text: stateOf(entry), colour: entry.fresh === false ? kleur.yellow : (text: string) => text },
    entry.tags.join(' '),
  ]);
  return [heading, '', ...tableLines(COLUMNS, rows, columns)];
}

function entryLines(entry: ShownEntry, columns: number): string[] {
  return [
    ...factLines(
      [
        ['key', oneLine(entry.key)],
        ['of', `${oneLine(entry.name)} ${oneLine(entry.operation)}`],
        ['age', `${timeText(entry.age)}, of ${timeText(entry.ttl)}`],
        ['size', entry.bytes === null ? 'not known' : bytesText(entry.bytes)],
        ['is', `${stateOf(entry)}, ${entry.tier === 'near' ? 'in memory' : 'in the store'}`],
      ],
      columns,
    ),
    ...tagLines(entry.tags, columns),
  ];
}

const timeText = (seconds: number | null): string =>
  seconds === null || seconds === undefined ? '-' : secondsText(Math.max(0, seconds));

const stateOf = ({ fresh }: ShownEntry): string =>
  fresh === true ? 'fresh' : fresh === false ? 'stale' : '?';

function shortKey(key: string): string {
  const name = key.startsWith(KEY_PREFIX) ? key.slice(KEY_PREFIX.length) : key;
  const [, readable = name, hash = ''] = /^(.*):([^:]+)$/s.exec(name) ?? [];
  return hash.length > 12 ? `${readable}:${hash.slice(0, 10)}…` : name;
}
