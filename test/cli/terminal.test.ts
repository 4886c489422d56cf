import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import kleur from 'kleur';
import { expect, test } from 'vitest';
import { run } from '../../src/cli/program.js';
import { clipped, createTerminal, fitted, padded, widthOf } from '../../src/cli/terminal/terminal.js';
import { CONFIG, command, createProject } from './command.js';

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

test('a path that has no room behind its name has a row of its own, if that helps', () => {
  const text = '  create    src/payload-kv/schema.generated.ts  +120 (--diff shows it)';
  const rows = ['  create', '    src/payload-kv/schema.generated.ts', '    +120 (--diff shows it)'];
  expect(fitted(text, terminal).split('\n')).toEqual(rows);
  kleur.enabled = true;
  const coloured = `  ${kleur.dim('create    ')}src/payload-kv/schema.generated.ts  ${kleur.green('+120')}`;
  kleur.enabled = false;
  const shown = fitted(coloured, terminal);
  expect(stripVTControlCharacters(shown).split('\n')).toEqual([rows[0], rows[1], '    +120']);
  expect(shown.split('\n')[1]).not.toContain('\u001b');
  const whole = `  create    ${'x'.repeat(60)}`;
  expect(fitted(whole, terminal)).toBe(whole);
});

test('a character of two columns takes two, a combining mark none', () => {
  expect(widthOf('日本語')).toBe(6);
  expect(widthOf('e\u0301✓→…🎉')).toBe(6);
  expect(clipped('日本語の投稿', 8)).toBe('日本語…');
  expect(padded('日本', 6)).toBe('日本  ');
  expect(fitted(`! ${'日本語の投稿 '.repeat(4).trim()}`, terminal)).toBe(
    '! 日本語の投稿 日本語の投稿 日本語の投稿\n  日本語の投稿',
  );
});

test('a fact is broken below its value, a change below its mark, a sentence below its first word', () => {
  expect(fitted('  config    src/payload.config.ts → src/base.config.ts', terminal)).toBe(
    '  config    src/payload.config.ts →\n            src/base.config.ts',
  );
  expect(fitted('  + posts has a field more, which is indexed', terminal)).toBe(
    '  + posts has a field more, which is\n    indexed',
  );
  expect(fitted('  not offered: users, has auth, so it is another matter', terminal)).toBe(
    '  not offered: users, has auth, so it is\n    another matter',
  );
  expect(fitted('error: that is none of the values that it may have\nSee help.\n', terminal)).toBe(
    'error: that is none of the values that\nit may have\nSee help.\n',
  );
});

test('what is wrong with a flag is broken between words as well', async () => {
  let shown = '';
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  stderr.on('data', (chunk) => {
    shown += chunk;
  });
  expect(await run(['completion', 'a-shell-of-which-nobody-heard-anything'], { stderr })).toBe(2);
  expect(shown.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(shown).toMatch(/Allowed\s+choices are bash, zsh, fish\./);
});

test('what doctor says is broken between words too, its details as well', async () => {
  const plugins = 'plugins: [one(), two()],\n  globals:';
  const project = await createProject({
    'src/payload.config.ts': `import { one, two } from 'shop';\n${CONFIG.replace('globals:', plugins)}`,
  });
  await command(['init', '--yes', '--no-install', '--cwd', project.dir]);
  let shown = '';
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 50 });
  stdout.on('data', (chunk) => {
    shown += chunk;
  });
  try {
    expect(await run(['doctor', '--cwd', project.dir], { stdout, env: { NO_COLOR: '1' } })).toBe(1);
  } finally {
    await project.remove();
  }
  // What is being done is said on a line that is written over.
  const left = shown.split('\n').map((line) => line.split('\r\x1b[2K').at(-1)!);
  expect(left).toContain('    they add are not cached unless you name them');
  expect(left).toContain('    Or ask Payload itself, in each command:');
  expect(left).toContainEqual(expect.stringMatching(/^✗ Package payload-kv: it is not installed/));
  expect(left.filter((line) => line.length > 50)).toEqual([]);
});

test('the table of inspect fits the terminal: what has no room is cut off or left out, no row is broken', async () => {
  const long = 'customers-with-a-login-of-their-own';
  const config = `import { buildConfig } from 'payload';
export default buildConfig({
  collections: [
    { slug: '${long}', auth: true, upload: true, fields: [{ name: 'it', type: 'relationship', relationTo: '${long}' }] },
    { slug: 'posts', fields: [{ name: 'it', type: 'relationship', relationTo: ['${long}', 'posts'] }] },
  ],
});
`;
  const project = await createProject({ 'src/payload.config.ts': config });
  const tableAt = async (columns: number) => {
    let shown = '';
    const stdout = Object.assign(new PassThrough(), { isTTY: true, columns });
    stdout.on('data', (chunk) => {
      shown += chunk;
    });
    expect(await run(['inspect', '--cwd', project.dir], { stdout, env: { NO_COLOR: '1' } })).toBe(0);
    const rows = shown.split('\n');
    expect(rows.filter((row) => row.length > columns)).toEqual([]);
    const head = rows.findIndex((row) => row.startsWith('  collection'));
    return rows.slice(head, head + 3).map((row) => row.trim().split(/ {2,}/));
  };
  try {
    expect(await tableAt(120)).toEqual([
      ['collection', 'has', 'fields', 'refers to', 'known by'],
      [long, 'auth upload', expect.any(String), long, 'static'],
      ['posts', expect.any(String), `${long}, posts`, 'static'],
    ]);
    expect((await tableAt(80))[1]).toEqual([
      expect.stringMatching(/^customers.*…$/),
      'auth upload',
      expect.any(String),
      expect.stringMatching(/^customers.*…$/),
      'static',
    ]);
    expect((await tableAt(50))[0]).toEqual(['collection', 'has', 'fields', 'known by']);
    expect((await tableAt(40))[0]).toEqual(['collection', 'has', 'fields']);
  } finally {
    await project.remove();
  }
});

test('diffs, lines to be pasted and what no terminal shows stay on one line', () => {
  const long = 'word '.repeat(20);
  expect(fitted(`+ ${long}`, terminal)).toBe(`+ ${long}`);
  expect(fitted(`    ${long}`, terminal)).toBe(`    ${long}`);
  expect(fitted(` ${long}`, terminal)).toBe(` ${long}`);
  expect(fitted(`    at ${long}`, terminal)).toBe(`    at ${long}`);
  expect(fitted(`! ${long}`, { isTTY: false, columns: 40 })).toBe(`! ${long}`);
  expect(fitted(`! ${long}`, { isTTY: true })).toBe(`! ${long}`);
});

test.each(['init', 'sync', 'remove', 'inspect', 'doctor', 'measure', 'completion', ''])(
  'the help of %s has examples, and no line of it is longer than a terminal of 80 or 60 columns is wide',
  async (name) => {
    for (const columns of [80, 60]) {
      let shown = '';
      const stdout = Object.assign(new PassThrough(), { isTTY: true, columns });
      stdout.on('data', (chunk) => {
        shown += chunk;
      });
      expect(await run([...(name === '' ? [] : [name]), '--help'], { stdout })).toBe(0);
      expect(shown.match(/^ {2}(?:payload-kv|\d) /gm)!.length).toBeGreaterThanOrEqual(2);
      // The path of this very directory is as long as it is.
      const lines = shown.replace(`"${process.cwd()}"`, '').split('\n');
      expect(lines.filter((line) => line.length > columns)).toEqual([]);
    }
  },
);

test.each([
  ['a terminal', { isTTY: true }, {}, false, true],
  ['a pipe', { isTTY: false }, {}, false, false],
  ['a terminal and NO_COLOR', { isTTY: true }, { NO_COLOR: '1' }, false, false],
  ['a pipe and FORCE_COLOR', { isTTY: false }, { FORCE_COLOR: '1' }, false, true],
  ['a terminal that knows no colours', { isTTY: true }, { TERM: 'dumb' }, false, false],
  ['a terminal and --json', { isTTY: true }, {}, true, false],
])('to %s it is coloured only where that is wanted', (_, tty, env, json, coloured) => {
  const stdout = Object.assign(new PassThrough(), tty);
  createTerminal({ stdin: stdout, stdout, stderr: stdout, env, json });
  expect(kleur.enabled).toBe(coloured);
  kleur.enabled = false;
});
