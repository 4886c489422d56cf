import { stripVTControlCharacters } from 'node:util';
import kleur from 'kleur';
import { afterEach, describe, expect, test } from 'vitest';
import type { WrittenFile } from '../../demo/commands.js';
import { diffLines, number, percent, pictureLines, resultLines, writtenLines } from '../../demo/lines.js';
import type { Api, Measurement, StoreName } from '../../demo/measurement.js';
import { escaped, reportHtml } from '../../demo/report.js';
import { widthOf } from '../../src/cli/terminal/terminal.js';
import { brokenTagOf } from './well-formed.js';

const coloured = kleur.enabled;
afterEach(() => {
  kleur.enabled = coloured;
});

/** As measured on a machine on which a call takes so many milliseconds. */
function measured(calls: number, ms: number): Measurement[] {
  return (['local', 'rest'] as Api[]).flatMap((api) =>
    (['cloudflareKV', 'memory', 'none'] as StoreName[]).map((store) => ({
      store,
      api,
      views: 30,
      coldDatabaseCallsPerView: store === 'none' ? calls : calls / 4,
      hotDatabaseCallsPerView: store === 'none' ? calls : 0,
      hotStatementsPerView: store === 'none' ? calls * 2 : 0,
      hotKvCallsPerView: store === 'cloudflareKV' ? calls : 0,
      hot: store === 'none' ? undefined : { hits: 100, lookups: 100 },
      times: [10, 0].map((databaseMs) => ({ databaseMs, p50: ms, p95: ms * 3 })),
    })),
  );
}

const file: WrittenFile = {
  path: 'src/payload.config.ts',
  action: 'edit',
  generated: false,
  added: 2,
  removed: 1,
  diff: [
    '--- a/src/payload.config.ts',
    '+++ b/src/payload.config.ts',
    '@@ -1,3 +1,4 @@',
    " import { Users } from '@/collections/Users';",
    `+import { cache } from './payload-kv/index'; // ${'words that go on and on, '.repeat(5)}</pre><script>`,
    '-  plugins: [],',
    '+  plugins: [cache],',
    ' });',
    '',
  ].join('\n'),
};

const reportOf = (measurements: Measurement[], claim = 'a page view makes no database call') =>
  reportHtml({
    measurements,
    claims: [{ claim, holds: true }],
    files: [file],
    databaseMs: 10,
    kvMs: 5,
    posts: 30,
    seconds: 61.2,
    at: new Date('2026-01-01T12:00:00Z'),
    platform: 'Node 20 on linux x64',
  });

describe.each([
  ['a fast machine', 1, 0.1],
  ['a usual one', 19.8, 244.8],
  ['a slow one', 12345.6, 98765.4],
])('On %s', (_, calls, ms) => {
  test.each([false, true])('no row is wider than 80 columns (colours: %s)', (colours) => {
    kleur.enabled = colours;
    const measurements = measured(calls, ms);
    const rows = [
      ...resultLines(measurements, { databaseMs: 1000, kvMs: 1000 }),
      ...writtenLines([file], [file], false),
      ...diffLines(file, true),
      ...pictureLines(measurements),
    ];
    expect(rows.filter((row) => widthOf(row) > 80)).toEqual([]);
    expect(rows.some((row) => row.includes('\u001b['))).toBe(colours);
  });
});

test('The calls that are saved are the first thing that is said', () => {
  kleur.enabled = false;
  const [first, ...others] = resultLines(measured(19.8, 244.8), { databaseMs: 10, kvMs: 5 });
  expect(first).toMatch(/^The cache saves 19\.8 of 19\.8 database calls per page view\./);
  const said = others.join('\n');
  expect(said).toMatch(/assumed/);
  expect(said).toMatch(/database\s+call\s+waits\s+10\s+ms/);
  expect(said).toMatch(/KV\s+call\s+5\s+ms/);
});

test('The picture has a bar for before, and for what is left after the first view of a page', () => {
  kleur.enabled = false;
  const rows = pictureLines(measured(20, 1)).filter((row) => /^ {2}(before|after)/.test(row));
  expect(
    rows.map((row) => [/█*/.exec(row.replace(/^[^█]*/, ''))?.[0].length, row.split('░').length - 1]),
  ).toEqual([
    [36, 0],
    [0, 9],
    [0, 9],
    [36, 0],
    [0, 9],
    [0, 9],
  ]);
});

test('The shortened diff has the lines that come and go, and no others', () => {
  kleur.enabled = false;
  const rows = diffLines(file, false);
  expect(rows[0]).toBe('  src/payload.config.ts');
  expect(rows.filter((row) => /^ {4}[-+]/.test(row))).toHaveLength(3);
  expect(rows.join('\n')).not.toContain('@@');
  expect(rows.join('\n')).not.toContain('Users');
  expect(diffLines(file, true).join('\n')).toContain('Users');
});

test('All and nothing are said only where they are so', () => {
  expect([1, 0.9999, 0.98, 0.0001, 0].map(percent)).toEqual(['100 %', '99.9 %', '98 %', '0.1 %', '0 %']);
  expect([0, 0.01, 0.06, 19.75, 2345.6].map(number)).toEqual(['0.0', '<0.1', '0.1', '19.8', '2346']);
});

test('The report is well-formed, and nothing that it quotes is markup', () => {
  const html = reportOf(measured(19.8, 244.8), `a <b> & "quoted" 'claim' \u0007`);
  expect(brokenTagOf(html)).toBeUndefined();
  expect(html).not.toContain('<script');
  expect(html).toContain('&#60;script&#62;');
  expect(html).toContain('a &#60;b&#62; &#38; &#34;quoted&#34; &#39;claim&#39; \ufffd');
  expect(escaped('plain text, 100 %')).toBe('plain text, 100 %');
});

test('The report needs no other file, and has colours for light and dark', () => {
  const html = reportOf(measured(19.8, 244.8));
  expect(html).not.toMatch(/<(link|script|img|iframe|object)\b|\bsrc=|@import|url\(/);
  expect(html).toContain('prefers-color-scheme: dark');
  expect(html).toContain('content="light dark"');
  const [light = '', dark = ''] = [...html.matchAll(/:root \{([^}]*)\}/g)].map(([, colours]) => colours);
  for (const colours of [light, dark]) {
    const colour = (name: string) => new RegExp(`--${name}: (#[\\da-f]{6})`).exec(colours)?.[1] ?? '';
    for (const name of ['text', 'quiet', 'before', 'link'])
      expect(contrast(colour(name), colour('ground')), name).toBeGreaterThan(4.5);
    for (const name of ['before', 'after'])
      expect(contrast(colour(name), colour('track')), name).toBeGreaterThan(3);
  }
});

test('Without colours the rows have no control characters', () => {
  kleur.enabled = false;
  const rows = [
    ...resultLines(measured(19.8, 1), { databaseMs: 10, kvMs: 5 }),
    ...pictureLines(measured(19.8, 1)),
  ];
  expect(rows.map(stripVTControlCharacters)).toEqual(rows);
});

/** https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio */
function contrast(one: string, other: string): number {
  const luminance = (hex: string) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
      const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}
