/** `init --pages --take-out-hooks`: what pages make superfluous in a site of Payload's website template. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { pages } from '../../src/doctor/checks/pages.js';
import { doctorContext } from '../../src/doctor/context.js';
import { inspectProject } from '../../src/inspect/project.js';
import { SITE } from '../plan/pages/site.js';
import { command, createProject, type Project } from './command.js';

const PACKAGE = `{
  "type": "module",
  "dependencies": {
    "next": "16.4.6",
    "payload": "3.90.2"
  }
}
`;
const CONFIG = `import { buildConfig } from 'payload'
import { Books } from './collections/Books'
import { db } from './db'
import { Menu } from './Menu/config'
import { plugins } from './plugins'

export default buildConfig({
  collections: [Books, { slug: 'pages', fields: [] }],
  globals: [Menu],
  plugins,
  db,
})
`;
/** The same, with a global and its hook in it. */
const CONFIG_WITH_HOOK = CONFIG.replace(
  "import { Menu } from './Menu/config'",
  "import { refreshMenu } from './Menu/hooks/refreshMenu'",
).replace(
  'globals: [Menu],',
  "globals: [{ slug: 'menu', fields: [], hooks: { afterChange: [refreshMenu] } }],",
);
const TSCONFIG = '{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }\n';

let project: Project;
afterEach(() => project.remove());

const website = (files: Record<string, string | undefined> = {}) =>
  createProject({
    'package.json': PACKAGE,
    'tsconfig.json': TSCONFIG,
    'next.config.mjs': 'export default {\n  reactStrictMode: true,\n};\n',
    'node_modules/next/package.json': JSON.stringify({ name: 'next', version: '16.4.6' }),
    'src/payload.config.ts': CONFIG,
    ...SITE,
    ...files,
  });
const run = (...args: string[]) => command([...args, '--no-install', '--cwd', project.dir]);
const init = async (...args: string[]) => {
  const outcome = await run('init', '--yes', '--json', ...args);
  const said = JSON.parse(outcome.stdout) as { notices: string[]; changes: { path: string; diff: string }[] };
  return { exitCode: outcome.exitCode, ...said };
};
const read = (file: string) => readFile(path.join(project.dir, file), 'utf8');
const write = (file: string, text: string) => writeFile(path.join(project.dir, file), text);
const doctor = async () => pages.run(await doctorContext(inspectProject({ cwd: project.dir })));

const LIST = 'src/collections/Books.ts';

describe.each(['push', 'handler'])('%s', (mode) => {
  test.each(['at first', 'later', 'with pages'])(
    'taken out %s, and remove brings back every byte',
    async (when) => {
      project = await website();
      const before = await project.tree();
      if (when === 'later') await init();
      if (when === 'with pages') await init('--pages', mode);
      const args = when === 'with pages' ? [] : ['--pages', mode];
      const { exitCode, changes, notices } = await init(...args, '--take-out-hooks');
      expect(exitCode).toBe(0);
      expect(changes.find(({ path: file }) => file === LIST)?.diff).toContain(
        '-    afterChange: [refreshBook],',
      );
      expect(notices.join()).toContain('src/hooks/refreshBook.ts');
      expect(await read(LIST)).not.toContain('refresh');
      expect(await read('src/utilities/globals.ts')).not.toMatch(/unstable_cache\(/);
      expect(await doctor()).toMatchObject({ status: 'ok' });
      const removed = await run('remove', '--yes');
      expect(removed.exitCode, removed.stdout + removed.stderr).toBe(0);
      expect(await project.tree()).toEqual(before);
    },
  );
});

test('a second run, other answers and sync leave it at that', async () => {
  project = await website();
  const before = await project.tree();
  await init('--pages', 'push', '--take-out-hooks');
  const written = await project.tree();
  for (const args of [
    ['--pages', 'push', '--take-out-hooks'],
    ['--take-out-hooks'],
    ['--pages', 'push'],
    [],
  ]) {
    expect((await init(...args)).exitCode).toBe(0);
    expect(await project.tree()).toEqual(written);
  }
  await init('--ttl', '10m', '--store', 'redis');
  await write(LIST, (await read(LIST)).replace('fields: [', "fields: [{ name: 'title', type: 'text' }, "));
  expect((await command(['sync', '--yes', '--cwd', project.dir])).exitCode).toBe(0);
  expect(await read('src/plugins.ts')).toBe(written['src/plugins.ts']);
  await write(LIST, written[LIST]!);
  expect((await run('remove', '--yes')).exitCode).toBe(0);
  expect(await project.tree()).toEqual(before);
});

test('without the flag it is named, by doctor too, and stays', async () => {
  project = await website();
  const { notices } = await init('--pages', 'push');
  expect(notices.join('\n')).toMatch(
    /src\/collections\/Books\.ts \(refreshBook, refreshGone\).*--take-out-hooks/,
  );
  for (const [file, text] of Object.entries(SITE)) expect(await read(file)).toBe(text);
  expect(await doctor()).toMatchObject({
    status: 'warn',
    details: expect.arrayContaining(['src/hooks/refreshBook.ts: revalidatePath, revalidateTag']),
    fix: expect.stringContaining('init --take-out-hooks'),
  });
});

test('a dry run shows it and writes nothing', async () => {
  project = await website();
  const before = await project.tree();
  const { changes } = await init('--pages', 'push', '--take-out-hooks', '--dry-run');
  expect(changes.map(({ path: file }) => file)).toContain(LIST);
  expect(await project.tree()).toEqual(before);
});

describe('at a terminal it is asked about, file by file', () => {
  const asked = (answers: boolean[]) =>
    command(
      [
        ...['init', '--pages', 'push', '--collections', 'books', '--globals', 'none', '--ttl', '5m'],
        ...['--ttl-for', 'books=1h', '--store', 'memory', '--no-install', '--cwd', project.dir],
      ],
      { terminal: true, answers },
    );

  test.each([true, false])('%s', async (answer) => {
    project = await website();
    const { exitCode, stdout } = await asked([answer, true]);
    expect(exitCode, stdout).toBe(0);
    expect(stdout).toContain('superfluous with pages: src/collections/Books.ts (refreshBook, refreshGone)');
    expect((await read(LIST)).includes('refreshBook')).toBe(!answer);
  });

  test('and not where there is nothing', async () => {
    project = await website(Object.fromEntries(Object.keys(SITE).map((file) => [file, undefined])));
    await write(
      'src/payload.config.ts',
      CONFIG.replaceAll(/import \{ (Books|Menu|plugins).*\n/g, '')
        .replace('Books, ', '')
        .replace('globals: [Menu],\n  plugins,\n', ''),
    );
    const { exitCode, stdout } = await command(
      [
        'init',
        '--pages',
        'push',
        '--collections',
        'pages',
        '--ttl',
        '5m',
        '--ttl-for',
        'pages=1h',
        '--store',
        'memory',
        '--no-install',
        '--cwd',
        project.dir,
      ],
      { terminal: true, answers: [true] },
    );
    expect(exitCode, stdout).toBe(0);
  });
});

test('what is not recognised stays, and doctor goes on to name it', async () => {
  const own = SITE['src/hooks/refreshBook.ts']!.replace(
    '  return doc\n}\n\nexport',
    "  fetch('https://cdn.example')\n  return doc\n}\n\nexport",
  );
  project = await website({ 'src/hooks/refreshBook.ts': own });
  await init('--pages', 'push', '--take-out-hooks');
  expect(await read(LIST)).toBe(
    SITE[LIST]!.replace('refreshBook, refreshGone }', 'refreshBook }').replace(
      '    afterDelete: [refreshGone],\n',
      '',
    ),
  );
  expect(await doctor()).toMatchObject({
    status: 'warn',
    details: ['src/hooks/refreshBook.ts: revalidatePath, revalidateTag'],
    fix: expect.not.stringContaining('--take-out-hooks'),
  });
});

test('hooks stay where the site keeps something else, which is said', async () => {
  project = await website({
    'src/app/weather.ts': "export async function weather() {\n  'use cache'\n  return 1\n}\n",
  });
  const { notices } = await init('--pages', 'push', '--take-out-hooks');
  expect(notices.join('\n')).toContain(
    "src/app/weather.ts:2 has 'use cache', so the hooks that revalidate stay",
  );
  expect(await read(LIST)).toBe(SITE[LIST]);
  expect(await read('src/utilities/globals.ts')).not.toMatch(/unstable_cache\(/);
});

test.each<[what: string, files: Record<string, string | undefined>]>([
  ['a Next config that cannot be edited', { 'next.config.mjs': 'export default async () => ({})\n' }],
  ['no Next config', { 'next.config.mjs': undefined }],
  [
    'a config that cannot be edited',
    { 'src/payload.config.ts': CONFIG.replace('plugins,', 'plugins: pluginsOf(process.env),') },
  ],
])('nothing goes with %s: pages do not follow writes yet', async (_what, files) => {
  project = await website(files);
  const { notices } = await init('--pages', 'handler', '--take-out-hooks');
  expect(notices.join('\n')).toContain('Pages do not follow writes yet');
  for (const [file, text] of Object.entries(SITE)) expect(await read(file)).toBe(text);
});

test('hooks that an index brings are still at work, and named by doctor', async () => {
  const hooks = SITE['src/Menu/hooks/refreshMenu.ts']!;
  project = await website({
    'src/Menu/hooks/refreshMenu.ts': undefined,
    'src/Menu/hooks/index.ts': hooks,
    'src/Menu/hooks/all.ts': "import * as all from '.'\nexport const list = [all.refreshMenu]\n",
    'src/Menu/config.ts': SITE['src/Menu/config.ts']!.replace(
      "{ refreshMenu } from './hooks/refreshMenu'",
      "{ list } from './hooks/all'",
    ).replace('[refreshMenu]', 'list'),
  });
  await init('--pages', 'push', '--take-out-hooks');
  expect(await doctor()).toMatchObject({
    status: 'warn',
    details: ['src/Menu/hooks/index.ts: revalidateTag'],
  });
});

test('hooks in the config itself go beside the wiring, and come back', async () => {
  const config = CONFIG_WITH_HOOK;
  project = await website({ 'src/payload.config.ts': config, 'src/Menu/config.ts': undefined });
  const before = await project.tree();
  await init('--pages', 'push', '--take-out-hooks');
  const written = await read('src/payload.config.ts');
  expect(written).toContain("globals: [{ slug: 'menu', fields: [] }],");
  expect(written).not.toContain('refreshMenu');
  expect(written).toContain('plugins: [...plugins, cache]');
  expect((await run('remove', '--yes')).exitCode).toBe(0);
  expect(await project.tree()).toEqual(before);
});

describe('remove', () => {
  test('names what has no place any more, and takes out the rest', async () => {
    project = await website();
    await init('--pages', 'push', '--take-out-hooks');
    const mine = (await read(LIST))
      .replace('  hooks: {\n    beforeChange: [signed],\n  },\n', '')
      .replace("import { signed } from '../hooks/signed'\n", '');
    await write(LIST, mine);
    const removed = await run('remove', '--yes');
    expect(removed.exitCode).toBe(1);
    expect(removed.stdout).toMatch(
      /Books\.ts is left to you.*Add by hand:\s+import \{ refreshBook, refreshGone \}/s,
    );
    expect(await read(LIST)).toBe(mine);
    expect(await read('src/plugins.ts')).toBe(SITE['src/plugins.ts']);
    expect(await read('src/payload.config.ts')).toBe(CONFIG);
  });

  test('leaves at that what somebody has put back by hand, also after another run', async () => {
    project = await website();
    const before = await project.tree();
    await init('--pages', 'push', '--take-out-hooks');
    for (const file of [LIST, 'src/utilities/globals.ts']) await write(file, SITE[file]!);
    const removed = await run('remove', '--yes');
    expect(removed.exitCode, removed.stdout).toBe(0);
    expect(await project.tree()).toEqual(before);

    await init('--pages', 'push', '--take-out-hooks');
    await write(LIST, SITE[LIST]!);
    await init('--take-out-hooks');
    expect(await read(LIST)).not.toContain('refresh');
    const again = await run('remove', '--yes');
    expect(again.exitCode, again.stdout).toBe(0);
    expect(await project.tree()).toEqual(before);
  });

  test('says of a file that is gone what does not come back', async () => {
    project = await website();
    await init('--pages', 'push', '--take-out-hooks');
    await rm(path.join(project.dir, 'src/utilities/document.ts'));
    const removed = await run('remove', '--yes');
    expect(removed.exitCode, removed.stdout).toBe(0);
    expect(removed.stdout).toContain('src/utilities/document.ts is gone');
  });

  test('brings back no import of a file that is gone', async () => {
    project = await website();
    await init('--pages', 'push', '--take-out-hooks');
    for (const file of ['src/hooks/refreshBook.ts', 'src/hooks/refreshRedirects.ts'])
      await rm(path.join(project.dir, file));
    const written = await project.tree();
    const removed = await run('remove', '--yes');
    expect(removed.exitCode).toBe(1);
    expect(removed.stdout).toContain('`../hooks/refreshBook` is gone');
    expect(removed.stdout).toContain('`@/hooks/refreshRedirects` is gone');
    for (const file of [LIST, 'src/plugins.ts']) expect(await read(file)).toBe(written[file]);
    expect(await read('src/Menu/config.ts')).toBe(SITE['src/Menu/config.ts']);
  });

  test('takes the cache out of a config whose hooks cannot come back', async () => {
    const config = CONFIG_WITH_HOOK;
    project = await website({ 'src/payload.config.ts': config, 'src/Menu/config.ts': undefined });
    await init('--pages', 'push', '--take-out-hooks');
    await rm(path.join(project.dir, 'src/Menu/hooks/refreshMenu.ts'));
    const removed = await run('remove', '--yes');
    expect(removed.exitCode).toBe(1);
    expect(await read('src/payload.config.ts')).toBe(
      config
        .replace("import { refreshMenu } from './Menu/hooks/refreshMenu'\n", '')
        .replace(', hooks: { afterChange: [refreshMenu] }', ''),
    );
  });
});

test('the flag is for sites with pages', async () => {
  project = await website();
  const outcome = await run('init', '--yes', '--json', '--take-out-hooks');
  expect(outcome.exitCode).toBe(2);
  expect(JSON.parse(outcome.stdout)).toMatchObject({
    error: { code: 'INVALID_FLAG', nextStep: 'Add --pages.' },
  });
});
