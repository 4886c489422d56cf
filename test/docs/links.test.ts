import path from 'node:path';
import { expect, test } from 'vitest';
import { deadLinks } from '../../scripts/docs/links.js';
import { allPages, groupsOfIndex, INDEX, slugOf } from '../../scripts/docs/pages.js';

test('Every link of every page leads to a file and a heading that are there', () => {
  expect(allPages()).toEqual(expect.arrayContaining(['README.md', 'SECURITY.md', 'docs/redis.md', INDEX]));
  expect(deadLinks()).toEqual([]);
});

test('Links that lead nowhere are found, in text, tables, pictures and HTML, and not in code', () => {
  const pages: Record<string, string> = {
    'docs/a.md': [
      '# One page',
      '[there](b.md#the-same-1), [outside](https://example.com/x), [up](../README.md), [self](#one-page)',
      '| [gone](c.md) | ![picture](images/none.png) |',
      '[heading](b.md#third) and `[code](nowhere.md)`',
      '```md',
      '[code](nowhere.md)',
      '## no heading',
      '```',
      '[own](#no-heading) <img src="none.svg"> [out](../../x.md) [file](../package.json)',
    ].join('\n'),
    'docs/b.md': '# B\n## The same\n## The *same*',
  };
  const dead = deadLinks(Object.keys(pages), (file) => pages[file] ?? '');
  expect(dead.map(({ place, target, why }) => `${place} ${target} ${why}`)).toEqual([
    'docs/a.md:3 c.md no such file',
    'docs/a.md:3 images/none.png no such file',
    'docs/a.md:4 b.md#third no such heading',
    'docs/a.md:9 #no-heading no such heading',
    'docs/a.md:9 none.svg no such file',
    'docs/a.md:9 ../../x.md not in the repository',
  ]);
});

test('Anchors are those of GitHub', () => {
  const anchors = {
    "On Cloudflare's free plan": 'on-cloudflares-free-plan',
    'payload.kv in Cloudflare KV': 'payloadkv-in-cloudflare-kv',
    'What it costs, and why': 'what-it-costs-and-why',
    'payload-kv advise': 'payload-kv-advise',
    'Two – three': 'two--three',
    snake_case: 'snake_case',
  };
  expect(Object.keys(anchors).map(slugOf)).toEqual(Object.values(anchors));
});

test('The index lists every page of the documentation once, each with what it is for', () => {
  const listed = groupsOfIndex().flatMap(({ pages }) => pages.map(({ file }) => file));
  const pages = allPages().filter(
    // The reference lists its own.
    (file) => file.startsWith('docs/') && file !== INDEX && !/^docs\/reference\/(?!README)/.test(file),
  );
  expect(listed.sort()).toEqual(pages);
  expect(path.posix.dirname(INDEX)).toBe('docs');
});
