import { stripVTControlCharacters } from 'node:util';
import kleur from 'kleur';
import { expect, test } from 'vitest';
import { run } from '../../src/cli/program.js';
import { fitted } from '../../src/cli/terminal.js';

const terminal = { isTTY: true, columns: 40 };

test('a sentence behind a mark is broken between words, below its mark', () => {
  const text = '! src/payload-kv/index.ts is kept: you changed it since it was written.';
  expect(fitted(text, terminal)).toBe(
    '! src/payload-kv/index.ts is kept: you\n  changed it since it was written.',
  );
  expect(fitted('  → npx payload-kv remove   (takes all of it back, to the byte)', terminal)).toBe(
    '  → npx payload-kv remove   (takes all\n    of it back, to the byte)',
  );
});

test('colours take no room, and a word that is longer than a line stays whole', () => {
  kleur.enabled = true;
  const text = `${kleur.yellow('!')} ${kleur.dim('one two three four')} five six seven eight nine`;
  kleur.enabled = false;
  const rows = stripVTControlCharacters(fitted(text, terminal)).split('\n');
  expect(rows).toEqual(['! one two three four five six seven', '  eight nine']);
  const word = 'x'.repeat(60);
  expect(fitted(`! ${word} y`, terminal)).toBe(`! ${word}\n  y`);
});

test('diffs, lines to be pasted and what no terminal shows stay on one line', () => {
  const long = 'word '.repeat(20);
  expect(fitted(`+ ${long}`, terminal)).toBe(`+ ${long}`);
  expect(fitted(`    ${long}`, terminal)).toBe(`    ${long}`);
  expect(fitted(`! ${long}`, { isTTY: false, columns: 40 })).toBe(`! ${long}`);
  expect(fitted(`! ${long}`, { isTTY: true })).toBe(`! ${long}`);
});

test.each(['init', 'sync', 'remove', 'inspect', 'doctor', 'completion'])(
  'the help of %s has two examples at least, and no line is longer than 80 characters',
  async (name) => {
    let shown = '';
    const stdout = Object.assign(new (await import('node:stream')).PassThrough(), { columns: 80 });
    stdout.on('data', (chunk) => {
      shown += chunk;
    });
    expect(await run([name, '--help'], { stdout })).toBe(0);
    expect(shown.match(/^ {2}payload-kv /gm)!.length).toBeGreaterThanOrEqual(2);
    const options = shown.slice(shown.indexOf('Examples:')).split('\n');
    expect(options.filter((line) => line.length > 80)).toEqual([]);
  },
);
