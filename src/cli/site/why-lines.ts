/** What a query is answered by, and why, in rows of a terminal. */
import kleur from 'kleur';
import { secondsText } from '../terminal/figures.js';
import { factLines } from '../terminal/table.js';
import { brokenAt, clipped, oneLine } from '../terminal/terminal.js';
import type { AnsweredRead } from './source.js';

/** Tags of a read that are explained. */
const MOST_TAGS = 12;

const OUTCOMES: Readonly<Record<string, string>> = {
  hit: 'answered from the cache',
  miss: 'there was no entry: the database was asked',
  stale: 'there was an entry, but it is too old or was made stale by a write: the database was asked',
  bypass: 'not looked up: the database was asked',
  'served-stale': 'answered by an entry that is not fresh',
  fill: 'the database was asked, and the answer is stored',
};

/** Why a read is not looked up, or an answer not stored. */
const REASONS: Readonly<Record<string, string>> = {
  transaction: 'it is read inside a transaction',
  'write-operation': 'it is read as part of a write, which must not see what is old',
  'auth-collection': 'the collection signs people in, and is cached only where the options name it',
  request: 'the request says so, or somebody is signed in and the consistency is `eventual`',
  policy: 'the options do not cache it, or not this operation',
  access: 'this process may not read it from the cache: see `access` in the options',
  error: 'store or registry failed, or are given up for the moment',
  'unknown-argument': 'it has an argument whose meaning is not known here, or is too long to be analysed',
  swr: 'a new answer is fetched behind it',
};

/** What evicts what depends on a tag. */
export function evictedBy(tag: string): string {
  const shown = oneLine(tag);
  if (tag === '/') return 'whatever makes everything stale';
  if (tag.startsWith('/')) {
    const [name, key] = shown.slice(1).split('#');
    return key === undefined
      ? `clearing the namespace ${name}`
      : `the key ${key} of the namespace ${name} set or deleted`;
  }
  if (tag.startsWith('+')) return `purging the tag ${shown.slice(1)}`;
  const [, entity = '', versions, sign, rest = ''] =
    /^([^#?*~]*)(~versions)?([#?*])?(.*)$/s.exec(shown) ?? [];
  const what = versions === undefined ? '' : 'drafts or versions of ';
  const whole = entity.startsWith('@') ? `the global ${entity.slice(1)}` : entity;
  switch (sign) {
    case '#':
      return `a write to ${what === '' ? '' : what}document ${rest} of ${whole}`;
    case '*':
      return `a write to ${what}${whole} that does not tell its documents, as of many at once`;
    case '?':
      return rest.includes('=')
        ? `a write to a document of ${whole} whose ${rest.replace('=', ' is or becomes ')}`
        : `a write to ${what}${whole} by a process with other slices`;
    default:
      return `any write to ${what}${whole}`;
  }
}

/** The rows, none wider than so many columns where a word is not. */
export function whyLines(reads: readonly AnsweredRead[], columns: number, cached = false): string[] {
  if (cached && reads.length === 0)
    return brokenAt('  A cache of whole responses answers: nothing is read below it.', columns, '  ').split(
      '\n',
    );
  if (reads.length === 0)
    return brokenAt(
      '  Nothing is read through the database adapter: access control refuses it, or nothing of Payload is asked.',
      columns,
      '  ',
    ).split('\n');
  return reads.flatMap((read, index) => [...(index === 0 ? [] : ['']), ...readLines(read, columns)]);
}

function readLines(read: AnsweredRead, columns: number): string[] {
  const { name, operation, shape, outcome, reason, key, tags } = read;
  const heading = clipped(
    [name, operation, shape === '' ? 'all' : shape].map(oneLine).join('  '),
    Math.max(10, columns - 2),
  );
  const colour = outcome === 'hit' ? kleur.green : outcome === 'bypass' ? kleur.red : kleur.yellow;
  const why = reason === undefined ? '' : `: ${REASONS[reason] ?? oneLine(reason)}`;
  return [
    `  ${kleur.bold(heading)}`,
    ...factLines(
      [
        ['outcome', `${colour(oneLine(outcome))}, ${OUTCOMES[outcome] ?? 'of another version'}${why}`],
        ['entry', entryText(read)],
        ...(key ? [['key', oneLine(key)] as const] : []),
      ],
      columns,
    ),
    ...(outcome === 'bypass' ? [] : tagLines(tags, columns)),
  ];
}

/** What would make an entry with these tags stale. */
export function tagLines(tags: readonly string[], columns: number): string[] {
  if (tags.length === 0) return [];
  const shown = tags.slice(0, MOST_TAGS);
  const more = tags.length - shown.length;
  return [
    kleur.dim('  evicted by'),
    ...factLines(
      shown.map((tag) => [`  ${clipped(oneLine(tag), 40)}`, evictedBy(tag)]),
      columns,
    ),
    ...(more > 0 ? [kleur.dim(`    and by ${more} more; --json has all`)] : []),
  ];
}

function entryText({ outcome, entry, age, ttl, kept }: AnsweredRead): string {
  const life = typeof ttl === 'number' ? ` for ${secondsText(ttl)}` : '';
  if (outcome === 'bypass') return 'none is made';
  if (kept === true) return `the new answer is stored${life}`;
  if (kept === false)
    return 'the answer is not stored: it was changed meanwhile, is too large, or may be old';
  if (!entry) return 'there is none';
  const left =
    typeof ttl === 'number' && typeof age === 'number' ? `, ${secondsText(Math.max(0, ttl - age))} left` : '';
  return typeof age === 'number' ? `${secondsText(age)} old${left}` : 'there is one';
}
