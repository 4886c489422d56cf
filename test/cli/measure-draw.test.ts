import { expect, test } from 'vitest';
import { measuredLines } from '../../src/cli/measure/draw.js';
import { type MeasuredCollection, median } from '../../src/cli/measure/measurement.js';

const COLLECTIONS: MeasuredCollection[] = [
  {
    slug: 'posts',
    status: 'measured',
    queries: [
      {
        query: 'find',
        documents: 10,
        samples: 9,
        calls: { without: 12, with: 0 },
        ms: { without: 40, with: 2 },
      },
      {
        query: 'findByID',
        documents: 1,
        samples: 9,
        calls: { without: 4, with: 1 },
        ms: { without: 10, with: 20 },
      },
    ],
  },
  {
    slug: 'a-collection-with-a-very-long-name',
    status: 'measured',
    queries: [
      {
        query: 'find',
        documents: 3,
        samples: 9,
        calls: { without: 1, with: 0 },
        ms: { without: 1234, with: 0.04 },
      },
    ],
  },
  { slug: 'tags', status: 'empty' },
  { slug: 'users', status: 'not-cached', reason: 'auth-collection' },
  { slug: 'views', status: 'failed', failure: 'writes' },
  { slug: 'odd', status: 'failed', failure: 'TypeError' },
];

test('each query has a row: calls and milliseconds without and with the cache, and a bar', () => {
  expect(measuredLines(COLLECTIONS.slice(0, 1), 'config', 60)).toEqual([
    'without → with the cache',
    '                   calls           ms',
    '  posts  find 10  12 → 0   40.0 → 2.0  █░░░░░░░░░░░░░░░░░░░░',
    '         by id     4 → 1  10.0 → 20.0  ███████████',
    '',
    'Each of these once: 16 → 1 database calls, 50.0 → 22.0 ms.',
  ]);
});

test.each([60, 80, 120])('no row of a table is wider than %d columns', (columns) => {
  const lines = measuredLines(COLLECTIONS, 'config', columns);
  const rows = lines.filter((line) => line.startsWith('  ') && line.includes('→'));
  expect(rows).toHaveLength(3);
  expect(rows.filter((line) => line.length > columns)).toEqual([]);
  expect(rows[2]).toContain('  a-collection-wi…  find 3 ');
});

test('what is not measured is said, with the reason', () => {
  const text = measuredLines(COLLECTIONS, 'config').join('\n');
  expect(text).toContain('  tags: no documents\n');
  expect(text).toContain('  users: not cached\n');
  expect(text).toContain(
    '! views: skipped, a hook of its reads writes to the database, and nothing is written here.',
  );
  expect(text).toContain('! odd: could not be read (TypeError).');
  expect(measuredLines(COLLECTIONS.slice(2, 3), 'config')).toEqual([
    '  tags: no documents',
    '',
    'There is nothing to measure: no cached collection has documents yet.',
  ]);
});

test('of a site there are times only', () => {
  const [first, , row, , last] = measuredLines(
    [
      {
        slug: 'posts',
        status: 'measured',
        queries: [{ query: 'find', documents: 10, samples: 5, ms: { without: 80, with: 8 } }],
      },
    ],
    'site',
    80,
  );
  expect(first).toBe('first → asked again');
  expect(row).toMatch(/^ {2}posts {2}find 10 {2}80\.0 → 8\.0 {2}█{3}░{27}$/);
  expect(last).toBe('Each of these once: 80.0 → 8.0 ms.');
});

test('a slug cannot move the cursor', () => {
  expect(measuredLines([{ slug: 'a\u001b[2Jb', status: 'empty' }], 'site').join('')).not.toContain('\u001b');
});

test('the median is the one in the middle, or between the two', () => {
  expect([median([]), median([3]), median([9, 1, 2]), median([4, 1, 2, 9])]).toEqual([0, 3, 2, 3]);
});
