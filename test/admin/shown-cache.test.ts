import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatsOf } from '../../src/admin/formats.js';
import type { NamedTarget } from '../../src/admin/purge-target.js';
import { ShownCache } from '../../src/admin/shown-cache.js';
import { textsOf } from '../../src/admin/texts/texts.js';
import { namespace, settleCache } from '../../src/runtime/index.js';
import { observationOf, type Statistics } from '../../src/runtime/observe.js';
import { type ObservedSite, startObservedSite } from '../observe/site.js';

let site: ObservedSite;
beforeAll(async () => {
  site = await startObservedSite({ seed: 8 });
});
afterAll(() => site?.stop());

const numbers = (): Statistics => observationOf(site.payload)!.ownStatistics();

/** What is shown, and what could be purged there. */
function shown(statistics: Statistics, language = 'en'): { html: string; targets: NamedTarget[] } {
  const targets: NamedTarget[] = [];
  const words = { texts: textsOf(site.payload, language), formats: formatsOf(language) };
  const purge = (target: NamedTarget) => {
    targets.push(target);
    return null;
  };
  return { html: renderToStaticMarkup(createElement(ShownCache, { statistics, words, purge })), targets };
}

/** The cells of a row of a table, by what its first one begins with. */
function cellsOf(html: string, begin: string): string[] {
  const rows = html.match(/<tr>.*?<\/tr>/g) ?? [];
  const cells = rows.map((row) =>
    (row.match(/<t[hd][^>]*>.*?<\/t[hd]>/g) ?? []).map((cell) => cell.replace(/<[^>]*>/g, '').trim()),
  );
  return cells.find(([first]) => first?.startsWith(begin)) ?? [];
}

describe('what is shown of a cache', () => {
  test('has names that all objects have', () => {
    const statistics = JSON.parse(JSON.stringify(numbers())) as Statistics;
    for (const name of ['constructor', 'toString', '@valueOf'])
      statistics.policies[name] = { cached: true, ttl: 60 };
    statistics.counts.total.bypasses = { constructor: 1 } as never;
    const { html } = shown(statistics);
    for (const name of ['constructor', 'toString', 'valueOf']) expect(cellsOf(html, name)[2]).toBe('0');
  });

  test('is what was counted: reads, what they saved, policies, queries', async () => {
    const { payload } = site;
    const find = () =>
      payload.find({ collection: 'posts', where: { slug: { equals: 'post-1' } }, depth: 0, limit: 1 });
    for (let time = 0; time < 4; time += 1) {
      await find();
      await settleCache(payload);
    }
    const statistics = numbers();
    const { html, targets } = shown(statistics);
    const { writes, hits, misses } = statistics.counts.collections.posts!;
    expect(hits).toBeGreaterThanOrEqual(3);
    const [name, policy, ...rest] = cellsOf(html, 'posts');
    expect([name, ...rest.slice(0, 3)]).toEqual(['posts', ...[writes, hits, misses].map(String)]);
    expect(policy).toMatch(/^ttl 5 min, strong/);
    expect(cellsOf(html, 'posts findslug equals')).toEqual([
      expect.stringContaining('slug equals'),
      '4',
      '75%',
      expect.stringMatching(/ms$/),
      expect.stringMatching(/ms$/),
    ]);
    expect(targets).toContainEqual({ target: { collection: 'posts' }, name: 'posts' });
    // Not cached: nothing to purge.
    expect(targets.map(({ name }) => name)).not.toContain('users');
    expect(html).not.toContain('post-1');
  });

  test('the last hour is drawn, and told as a table too', () => {
    const statistics = numbers();
    const { points } = statistics.history;
    for (const point of points) Object.assign(point, { hits: 0, misses: 0, stale: 0, savedTime: 0 });
    const set = (index: number, hits: number, misses: number) =>
      Object.assign(points[index]!, { hits, misses, savedTime: hits });
    set(10, 1, 1);
    set(117, 30, 0);
    set(118, 0, 10);
    set(119, 9, 1);
    const { html } = shown(statistics);
    // One run of three with its area, and a dot.
    expect(html.match(/class="payload-cache__line"/g)).toHaveLength(1);
    expect(html.match(/class="payload-cache__line payload-cache__line--dot"/g)).toHaveLength(1);
    expect(html.match(/class="payload-cache__area"/g)).toHaveLength(1);
    expect(html.match(/class="payload-cache__bar"/g)).toHaveLength(3);
    expect(cellsOf(html, 'now')).toEqual(['now', '78%', '50']);
    expect(cellsOf(html, '50 min ago')).toEqual(['50 min ago', '50%', '2']);
    expect(html).not.toMatch(/NaN|undefined|Infinity/);
  });

  test('reasons, faults, functions, several processes, what is given up', async () => {
    const numbered = namespace('<b>numbers</b>');
    const statistics = numbers();
    expect(numbered).toBeDefined();
    const counts = { ...statistics.counts.total, bypasses: { transaction: 2, 'write-operation': 3 } };
    Object.assign(statistics.counts.functions, { '<b>numbers</b>': counts, '': counts });
    Object.assign(statistics, { processes: 3, errors: { 'store: timeout': 2 }, near: null });
    statistics.store.breaker = 'open';
    const { html, targets } = shown(statistics);
    expect(html).toContain('3 processes');
    expect(html).toContain('&lt;b&gt;numbers&lt;/b&gt;');
    expect(html).toContain('given up for now');
    expect(html).toContain('store: timeout: 2');
    expect(cellsOf(html, '&lt;b&gt;numbers').join(' ')).toContain('2 in a transaction3 part of a write');
    expect(targets).toContainEqual({ target: { namespace: '<b>numbers</b>' }, name: '<b>numbers</b>' });
    expect(html).not.toContain('Entries in memory');
  });

  test('in the language of whoever looks', () => {
    const { html } = shown(numbers(), 'de');
    expect(html).toContain('Trefferquote, letzte Stunde');
    expect(html).toContain('Häufigste Abfragen');
    expect(html).not.toContain('Hit ratio');
  });

  test('a cache that nobody has asked yet', async () => {
    const statistics = numbers();
    statistics.hotQueries = [];
    statistics.savedBy = {};
    statistics.counts.collections = {};
    for (const name of ['hits', 'misses', 'stale'] as const) statistics.counts.total[name] = 0;
    for (const point of statistics.history.points) Object.assign(point, { hits: 0, misses: 0, stale: 0 });
    for (const times of Object.values(statistics.latency)) times.count = 0;
    const { html } = shown(statistics);
    expect(html).toContain('Nothing was read yet.');
    expect(html).not.toMatch(/NaN|undefined|Infinity/);
  });
});
