import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { METRICS } from '../../src/runtime/observe/metrics.js';
import { shownBounds } from '../../src/runtime/observe/prometheus.js';
import { repository } from '../support/repository.js';
import { readDocument } from './blocks.js';

const text = readDocument('docs/metrics.md');

/** Cells of the table under a heading, row by row. */
function rowsUnder(heading: string): string[][] {
  const [, table = ''] = /\n\n(\|.*?)\n\n/s.exec(text.slice(text.indexOf(heading))) ?? [];
  return table
    .split('\n')
    .slice(2)
    .map((row) => row.slice(2, -2).split(' | '));
}

test('The table of metrics is that of the list', () => {
  const expected = METRICS.map(({ name, type, labels, help }) => [
    `\`${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(', ') || '–',
    help,
  ]);
  expect(rowsUnder('## The metrics')).toEqual(expected);
});

test('The table of alerts names those that there are', () => {
  const rules = parse(readFileSync(path.join(repository, 'observability/alerts.yml'), 'utf8')) as {
    groups: { rules: { alert?: string }[] }[];
  };
  const alerts = rules.groups.flatMap((group) => group.rules.flatMap(({ alert }) => alert ?? []));
  expect(rowsUnder('## Alerts').map(([name]) => name)).toEqual(alerts.map((alert) => `\`${alert}\``));
});

test('The number of buckets is the one that is shown', () => {
  // The last one has no bound.
  expect(text).toContain(`have ${shownBounds().length + 1} buckets`);
});
