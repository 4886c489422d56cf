import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CONFIG, command, createProject, type Project } from './command.js';
import { type Answer, CTRL_C } from './person.js';

const WRAPPER = 'src/payload-kv/index.ts';
const NEW_ONE = CONFIG.replace(
  'collections: [',
  "collections: [\n    { slug: 'events', fields: [{ name: 'code', type: 'text', unique: true }] },",
);

let project: Project;
const sync = (...args: string[]) => command(['sync', '--cwd', project.dir, ...args]);
const absolute = (file: string) => path.join(project.dir, file);

beforeEach(async () => {
  project = await createProject();
  await command(['init', '--yes', '--no-install', '--cwd', project.dir]);
});
afterEach(() => project.remove());

test('what was new at the last sync can still be added', async () => {
  await writeFile(absolute('src/payload.config.ts'), NEW_ONE);
  expect((await sync('--yes')).stdout).toContain('collection `events` was added');
  expect(await readFile(absolute(WRAPPER), 'utf8')).not.toContain('events');
  expect((await sync('--yes')).stdout).toContain('nothing to change');
  expect((await sync('--add-new', '--yes')).stdout).toContain('nothing to change');
  expect((await sync('--add', 'events', '--yes')).exitCode).toBe(0);
  expect(await readFile(absolute(WRAPPER), 'utf8')).toContain("    events: { slices: ['code'] },\n");
  expect(await readFile(absolute('src/payload-kv/hooks.ts'), 'utf8')).not.toContain('events');
  expect((await command(['remove', '--yes', '--no-install', '--cwd', project.dir])).exitCode).toBe(0);
});

test('what has auth, or an entry already, is not added, and the rest is named', async () => {
  await writeFile(absolute('src/payload.config.ts'), NEW_ONE);
  for (const slug of ['users', 'posts', 'nope']) {
    const { exitCode, stderr } = await sync('--add', slug);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('[UNKNOWN_COLLECTION]\n  → There are events.');
  }
});

test('where payload-types.ts is gone, what only it told of is not simply taken for removed', async () => {
  const config = `import { shop } from 'shop';\n${CONFIG.replace('globals:', 'plugins: [shop()],\n  globals:')}`;
  await writeFile(absolute('src/payload.config.ts'), config);
  const entity = (slug: string, fields = '') => `export interface ${slug} { id: number; ${fields} }\n`;
  const types = `export interface Config {\n  collections: { posts: Post; pages: Page; users: User; orders: Order };\n  globals: { header: Header };\n}\n${['Post', 'Page', 'User', 'Header'].map((it) => entity(it)).join('')}${entity('Order', 'total: number;')}`;
  await writeFile(absolute('src/payload-types.ts'), types);
  expect((await sync('--yes')).stdout).toContain('collection `orders` was added');
  await rm(absolute('src/payload-types.ts'));
  const told = 'There is no payload-types.ts, which tells what plugins add';
  const checked = await sync('--check');
  expect(checked).toMatchObject({ exitCode: 1 });
  expect(checked.stdout).toContain('collection `orders` was removed');
  expect(checked.stdout).toContain(told);
  expect(checked.stdout).toContain('is out of step with the schema: run `npx payload-kv sync`.');
  expect((await sync('--dry-run')).stdout).toContain(told);
  await writeFile(absolute('src/payload-types.ts'), types);
  expect((await sync('--check')).stdout).not.toContain(told);
});

describe('types that are older than the schema', () => {
  const entity = (name: string, fields = '') => `export interface ${name} {\n  id: number;\n${fields}}\n`;
  const typesOf = (...more: [slug: string, name: string][]) => {
    const members = [['posts', 'Post'], ['pages', 'Page'], ['users', 'User'], ...more].map(
      ([slug, name]) => `    ${slug}: ${name};\n`,
    );
    return [
      `export interface Config {\n  collections: {\n${members.join('')}  };\n  globals: { header: Header };\n}\n`,
      entity('Post', '  slug?: string | null;\n'),
      entity('Page', '  title?: string | null;\n'),
      ...['User', 'Header'].map((name) => entity(name)),
      ...more.map(([, name]) => entity(name, '  code?: string | null;\n')),
    ].join('');
  };
  const write = (file: string, text: string) => writeFile(absolute(file), text);

  test.each([
    ['npm', {}, 'npx payload generate:types'],
    ['pnpm', { packageManager: 'pnpm@9.0.0' }, 'pnpm exec payload generate:types'],
    [
      'a script of the project',
      { scripts: { 'generate:types': 'payload generate:types' } },
      'npm run generate:types',
    ],
    [
      'its script, by yarn',
      { packageManager: 'yarn@4.0.0', scripts: { 'generate:types': 'x' } },
      'yarn run generate:types',
    ],
  ])('are a next step, as %s runs it, and none once they are new', async (_how, manifest, step) => {
    await write('package.json', JSON.stringify({ dependencies: { payload: '3.90.2' }, ...manifest }));
    await write('src/payload.config.ts', NEW_ONE);
    await write('src/payload-types.ts', typesOf());
    const expected = `${step}   (src/payload-types.ts does not know \`events\` yet; before the type check)`;
    // The project is elsewhere.
    const steps = [`cd ${path.relative(process.cwd(), project.dir)}`, expected];
    const said = `\nNext\n${steps.map((each) => `  → ${each}\n`).join('')}`;
    expect((await sync('--check')).stdout).toContain(said);
    expect(JSON.parse((await sync('--check', '--json')).stdout).nextSteps).toEqual(steps);
    expect((await sync('--yes')).stdout).toContain(said);
    expect(JSON.parse((await sync('--yes', '--json')).stdout).nextSteps).toEqual(steps);
    vi.spyOn(process, 'cwd').mockReturnValue(path.join(project.dir, 'src'));
    expect(JSON.parse((await sync('--check', '--json')).stdout).nextSteps).toEqual([expected]);
    vi.restoreAllMocks();
    await write('src/payload-types.ts', typesOf(['events', 'Event']));
    expect((await sync('--yes')).stdout).not.toContain('Next');
    expect(JSON.parse((await sync('--check', '--json')).stdout).nextSteps).toEqual([]);
  });

  test('are one where they lack a field, or have one that is gone, too', async () => {
    await write('src/payload-types.ts', typesOf().replace('slug?', 'title?'));
    expect((await sync('--yes')).stdout).toContain(
      '→ npx payload generate:types   (src/payload-types.ts does not fit the config; before the type check)',
    );
    await write('src/payload-types.ts', typesOf());
    expect((await sync('--yes')).stdout).not.toContain('generate:types');
  });
});

describe('before anything is written', () => {
  beforeEach(() => writeFile(absolute('src/payload.config.ts'), NEW_ONE));

  test('without a terminal --yes is wanted, and a new collection is cached only if that is said as well', async () => {
    const before = await project.tree();
    const refused = await sync();
    expect([refused.exitCode, refused.stderr]).toEqual([
      2,
      expect.stringContaining('Add --yes to write it.'),
    ]);
    expect(refused.stdout).toContain('  edit      src/payload-kv/schema.generated.ts  +');
    expect((await sync('--add-new')).exitCode).toBe(2);
    expect(await project.tree()).toEqual(before);

    expect((await sync('--yes')).stdout).toContain('✓ 1 file written.');
    expect(await readFile(absolute(WRAPPER), 'utf8')).toBe(before[WRAPPER]);
    await writeFile(
      absolute('src/payload-kv/schema.generated.ts'),
      before['src/payload-kv/schema.generated.ts']!,
    );
    const { stdout } = await sync('--yes', '--add-new', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, written: true, install: null, refusals: [] });
    expect(await readFile(absolute(WRAPPER), 'utf8')).toContain("    events: { slices: ['code'] },\n");
  });

  test('at a terminal it shows the diff and asks; --yes asks nothing, not even what to cache', async () => {
    const before = await project.tree();
    const atTerminal = (answers: Answer[], ...args: string[]) =>
      command(['sync', '--cwd', project.dir, ...args], { terminal: true, answers });
    const refused = await atTerminal([['events'], false]);
    expect(refused.stdout).toContain('  edit      src/payload-kv/schema.generated.ts');
    expect(refused.stdout).toContain('Nothing was written.');
    expect(await project.tree()).toEqual(before);
    expect((await atTerminal([['events'], CTRL_C])).exitCode).toBe(130);
    expect(await project.tree()).toEqual(before);
    expect((await atTerminal([['events'], true])).exitCode).toBe(0);
    expect(await readFile(absolute(WRAPPER), 'utf8')).toContain('events');

    await writeFile(absolute('src/payload.config.ts'), NEW_ONE.replace("'events'", "'venues'"));
    expect((await atTerminal([], '--yes')).exitCode).toBe(0);
    expect(await readFile(absolute(WRAPPER), 'utf8')).not.toContain('venues');
  });
});
