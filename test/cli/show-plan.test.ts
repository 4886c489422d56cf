/** A plan as a person sees it before the question: what happens in short, then the lines, the weightiest at the end. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import kleur from 'kleur';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run } from '../../src/cli/program.js';
import { planLines } from '../../src/cli/show-plan.js';
import { CONFIG, command, createProject, type Project } from './command.js';

const SCHEMA = 'src/payload-kv/schema.generated.ts';
const WRAPPER = 'src/payload-kv/index.ts';
const CONFIG_PATH = 'src/payload.config.ts';

let project: Project;
beforeEach(async () => {
  project = await createProject();
});
afterEach(() => project.remove());

const here = (...args: string[]) => [...args, '--cwd', project.dir];
const init = () => command(here('init', '--yes', '--no-install'));
const events = CONFIG.replace(
  'collections: [',
  "collections: [\n    { slug: 'events', fields: [{ name: 'code', type: 'text', unique: true }] },",
);

/** What stands on a terminal of that many columns. */
async function screen(columns: number, args: string[], colour = false): Promise<string> {
  let shown = '';
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns });
  stdout.on('data', (chunk) => {
    shown += chunk;
  });
  const stderr = new PassThrough();
  await run(here(...args), { stdout, stderr, env: colour ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' } });
  return shown;
}

/** Places of texts in another, in the order in which they were given. */
const places = (text: string, ...parts: string[]) =>
  parts.map((part) => {
    const at = text.indexOf(part);
    if (at === -1) throw new Error(`"${part}" is not in:\n${text}`);
    return at;
  });

describe('before the question', () => {
  test('stands what happens in short, then what comes, and last the edits of what a person wrote', async () => {
    const { stdout } = await command(here('init', '--no-install', '--store', 'memory'), {
      terminal: true,
      answers: [['posts'], [], '5m', [], false],
    });
    expect(stdout).toMatch(
      /^5 files: \d+ lines added, 1 taken out\.\nIn files of yours that stay: \d lines added, 1 taken out\.$/m,
    );
    const order = places(
      stdout,
      '5 files: ',
      `  create    ${SCHEMA}  +`,
      `  create    ${WRAPPER}`,
      `  edit      ${CONFIG_PATH}`,
      `+++ b/${WRAPPER}`,
      `+++ b/${CONFIG_PATH}`,
      '+  plugins: [cache],',
      'Write 5 files?',
    );
    expect(order).toEqual([...order].sort((one, other) => one - other));
    const beside = stdout.slice(stdout.indexOf('+  plugins: [cache],'));
    expect(beside).toMatch(/^\+ {2}plugins: \[cache\],\n \}\);\n\n/);
  });

  test('a generated file is one line, and with --diff every line of it', async () => {
    const short = await command(here('init', '--yes', '--dry-run'));
    expect(short.stdout).toMatch(
      /^ {2}create {4}src\/payload-kv\/schema\.generated\.ts +\+\d+ \(--diff shows it\)$/m,
    );
    expect(short.stdout).not.toContain(`+++ b/${SCHEMA}`);
    const whole = await command(here('init', '--yes', '--dry-run', '--diff'));
    expect(whole.stdout).toContain(`+++ b/${SCHEMA}`);
    expect(whole.stdout).not.toContain('--diff shows it');
  });

  test('it is the same in sync, in its check, in doctor --fix and in remove', async () => {
    await init();
    await writeFile(
      path.join(project.dir, CONFIG_PATH),
      (await project.tree())[CONFIG_PATH]!.replace(
        /collections: \[/,
        events.match(/collections: \[\n.*/)![0],
      ),
    );
    const one = `  edit      ${SCHEMA}  `;
    for (const args of [
      ['sync', '--dry-run'],
      ['doctor', '--fix', '--dry-run'],
    ]) {
      const short = (await command(here(...args))).stdout;
      expect(short).toMatch(
        /^1 file: \d+ lines added, \d+ taken out\.\nNothing changes in files of yours that stay\.$/m,
      );
      expect(short).toContain(one);
      expect(short).not.toContain(`+++ b/${SCHEMA}`);
      expect((await command(here(...args, '--diff'))).stdout).toContain(`+++ b/${SCHEMA}`);
    }
    const check = (await command(here('sync', '--check'))).stdout;
    expect(check).not.toContain(one);
    const whole = await command(here('sync', '--check', '--diff'));
    expect(whole.exitCode).toBe(1);
    expect(whole.stdout).toContain(`+++ b/${SCHEMA}`);
    const removed = (await command(here('remove', '--dry-run'))).stdout;
    expect(removed).toContain(`  delete    ${SCHEMA}  `);
    expect(removed).toContain(`--- a/${WRAPPER}`);
    expect(removed).not.toContain(`--- a/${SCHEMA}`);
    expect((await command(here('remove', '--dry-run', '--diff'))).stdout).toContain(`--- a/${SCHEMA}`);
  });

  test('doctor wants --fix for it', async () => {
    const { exitCode, stderr } = await command(here('doctor', '--diff'));
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('--diff has a meaning with --fix only')]);
  });
});

test('a JSON document says of each change whether it is generated, and how many lines it has', async () => {
  const { changes } = JSON.parse((await command(here('init', '--yes', '--dry-run', '--json'))).stdout);
  const of = (file: string) => changes.find((change: { path: string }) => change.path === file);
  expect(of(CONFIG_PATH)).toMatchObject({ action: 'edit', generated: false, added: 2, removed: 0 });
  expect(of(SCHEMA)).toMatchObject({ action: 'create', generated: true, removed: 0 });
  expect(of(SCHEMA).diff).toContain(`+++ b/${SCHEMA}`);
  expect(of(SCHEMA).added).toBe(of(SCHEMA).content.split('\n').length - 1);
});

describe.each([40, 60, 80, 120])('on a terminal of %d columns', (columns) => {
  test.each([false, true])('no row is wider, and no word is broken, with colour: %s', async (colour) => {
    const long = 'a comment that goes on and on '.repeat(6).trim();
    await writeFile(
      path.join(project.dir, CONFIG_PATH),
      CONFIG.replace('  db,\n', `\t\t// ${long}\n  db,\n`),
    );
    const text = await screen(columns, ['init', '--yes', '--dry-run', '--diff'], colour);
    const rows = stripVTControlCharacters(text).split('\n');
    const width = (row: string) => [...row].reduce((sum, it) => sum + (it === '\t' ? 8 - (sum % 8) : 1), 0);
    expect(rows.filter((row) => width(row) > columns)).toEqual([]);
    const words = rows.join(' ').replace(/\s+/g, ' ');
    expect(words).toContain(`// ${long} `);
    expect(text.includes('\u001b[32m+  plugins: [cache],\u001b[39m')).toBe(colour);
  });
});

test('a row that goes on has the colour of its line, and no sign', () => {
  const after = `const text = '${'word '.repeat(40)}';\n`;
  const plan = { changes: [{ path: 'a.ts', before: '', after }], refusals: [], notices: [] };
  kleur.enabled = true;
  const lines = planLines(plan, { columns: 60 });
  kleur.enabled = false;
  const at = lines.findIndex((line) => line.includes('+const'));
  expect(lines[at]!.startsWith('\u001b[32m+const')).toBe(true);
  expect(lines[at + 1]!.startsWith('\u001b[32m   word')).toBe(true);
});

test('what no terminal shows is not broken, so that it can be applied as a patch', async () => {
  await writeFile(
    path.join(project.dir, CONFIG_PATH),
    CONFIG.replace('  db,\n', `  // ${'word '.repeat(60)}\n  db,\n`),
  );
  const { stdout } = await command(here('init', '--yes', '--dry-run'));
  expect(stdout).toContain(`   // ${'word '.repeat(60)}\n`);
});
