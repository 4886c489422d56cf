/** `init --admin-view`: the cache is shown in the admin panel, and Payload's import map follows. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { adminView } from '../../src/doctor/checks/admin-view.js';
import type { DoctorContext } from '../../src/doctor/context.js';
import { readWrapper } from '../../src/inspect/wrapper/read-wrapper.js';
import { command, createProject, type Project } from './command.js';

const WRAPPER = 'src/payload-kv/index.ts';
const MAP = 'src/app/(payload)/admin/importMap.js';
const PACKAGE = `{
  "type": "module",
  "dependencies": {
    "@payloadcms/next": "3.90.2",
    "payload": "3.90.2"
  }
}
`;
const OWN_MAP = `import { CollectionCards as CollectionCards_f9 } from '@payloadcms/next/rsc'

export const importMap = {
  "@payloadcms/next/rsc#CollectionCards": CollectionCards_f9
}
`;
/** As `payload generate:importmap` writes it, and a formatter after it. */
const MAPS = {
  'as it was written': `import { CacheView as CacheView_0f } from 'payload-kv/rsc'
import { CacheNavLink as CacheNavLink_0f } from 'payload-kv/rsc'
import { DocumentCache as DocumentCache_0f } from 'payload-kv/rsc'
${OWN_MAP.replace('{\n', '{\n  "payload-kv/rsc#CacheView": CacheView_0f,\n  "payload-kv/rsc#CacheNavLink": CacheNavLink_0f,\n  "payload-kv/rsc#DocumentCache": DocumentCache_0f,\n')}`,
  formatted: `import {
  CacheNavLink as CacheNavLink_0f,
  CacheView as CacheView_0f,
  DocumentCache as DocumentCache_0f,
} from "payload-kv/rsc";
${OWN_MAP.replace('{\n', "{\n  'payload-kv/rsc#CacheView': CacheView_0f,\n  'payload-kv/rsc#CacheNavLink': CacheNavLink_0f,\n  'payload-kv/rsc#DocumentCache': DocumentCache_0f,\n")}`,
};

let project: Project;
afterEach(() => project.remove());

const run = (...args: string[]) => command([...args, '--no-install', '--cwd', project.dir]);
const init = async (...args: string[]) => {
  const outcome = await run('init', '--yes', '--json', ...args);
  const { nextSteps = [], ...others } = JSON.parse(outcome.stdout) as {
    nextSteps?: string[];
    refusals: { path: string; paste: string }[];
  };
  return { exitCode: outcome.exitCode, generates: /generate:importmap/.test(nextSteps.join()), ...others };
};
const read = (file: string) => readFile(path.join(project.dir, file), 'utf8');
const write = async (file: string, text: string) => {
  await mkdir(path.dirname(path.join(project.dir, file)), { recursive: true });
  await writeFile(path.join(project.dir, file), text);
};
const withPanel = () => createProject({ 'package.json': PACKAGE });

/** The code of the option, as long as it says something. */
const observing = async () => /observe: .*/.exec(await read(WRAPPER))?.[0];

describe.each(['at first', 'later'])('%s', (when) => {
  test('it is written, and remove takes back every byte', async () => {
    project = await withPanel();
    const before = await project.tree();
    if (when === 'later') await init();
    const { exitCode, generates } = await init('--admin-view');
    expect({ exitCode, generates }).toEqual({ exitCode: 0, generates: true });
    const wrapper = await read(WRAPPER);
    expect(wrapper).toContain("import { observe } from 'payload-kv/observe';\n");
    expect(wrapper).toContain('  observe: observe({ adminView: true }),\n  ttl:');
    const written = await project.tree();
    await init('--admin-view');
    expect(await project.tree()).toEqual(written);
    expect((await run('remove', '--yes')).exitCode).toBe(0);
    expect(await project.tree()).toEqual(before);
  });
});

test('without the flag nothing is said of it, and --no-admin-view takes it back', async () => {
  project = await withPanel();
  expect((await init()).generates).toBe(false);
  const before = await project.tree();
  expect(await observing()).toBeUndefined();
  await init('--no-admin-view');
  expect(await project.tree()).toEqual(before);
  await init('--admin-view');
  const { generates } = await init('--no-admin-view');
  expect(generates).toBe(true);
  expect(await project.tree()).toEqual(before);
});

test('what else is watched stays as it is', async () => {
  project = await withPanel();
  await init('--admin-view');
  const own = (await read(WRAPPER)).replace('adminView: true', "shareEvery: '1m'");
  await write(WRAPPER, own);
  await init('--admin-view');
  expect(await observing()).toBe("observe: observe({ shareEvery: '1m', adminView: true }),");
  await init('--no-admin-view');
  expect(await read(WRAPPER)).toBe(own);
  await write(WRAPPER, own.replace("{ shareEvery: '1m' }", ''));
  await init('--admin-view');
  expect(await observing()).toBe('observe: observe({ adminView: true }),');
  await write(WRAPPER, own.replace("observe({ shareEvery: '1m' })", 'watching()'));
  const { refusals } = await init('--admin-view');
  expect(refusals).toEqual([expect.objectContaining({ path: WRAPPER, paste: 'adminView: true,' })]);
});

test('a site without an admin panel is told so', async () => {
  project = await createProject({ 'package.json': PACKAGE.replace('@payloadcms/next', 'express') });
  const { exitCode, stderr } = await run('init', '--yes', '--admin-view');
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain('@payloadcms/next');
});

test.each(Object.entries(MAPS))('remove leaves the import map without it: %s', async (_how, map) => {
  project = await withPanel();
  await init('--admin-view');
  await write(MAP, map);
  const { exitCode, stdout, stderr } = await run('remove', '--yes');
  expect(exitCode, stdout + stderr).toBe(0);
  expect(await read(MAP)).toBe(OWN_MAP);
});

describe('doctor', () => {
  const check = async (wrapper: string) =>
    adminView.run({
      wrapper: readWrapper(wrapper, WRAPPER),
      project: { root: project.dir },
      command: (text: string) => `npx ${text}`,
    } as unknown as DoctorContext);
  const WITH = `import { payloadKV } from 'payload-kv';
export const cache = payloadKV({ observe: observe({ adminView: true }) });`;

  test('sees whether the import map has the components', async () => {
    project = await withPanel();
    expect(await check(WITH)).toMatchObject({ status: 'warn' });
    await write(MAP, OWN_MAP);
    expect(await check(WITH)).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining(`${MAP} lacks 3 components`),
      fix: 'Run: npx payload generate:importmap',
    });
    for (const map of Object.values(MAPS)) {
      await write(MAP, map.replace(/^.*#CacheView.*\n/m, ''));
      expect(await check(WITH)).toMatchObject({ status: 'fail', details: ['payload-kv/rsc#CacheView'] });
      await write(MAP, map.replace(/^.*#DocumentCache.*\n/m, ''));
      expect(await check(WITH)).toMatchObject({
        status: 'warn',
        details: ['payload-kv/rsc#DocumentCache'],
      });
      await write(MAP, map);
      expect(await check(WITH)).toMatchObject({ status: 'ok' });
    }
    for (const without of ['observe()', 'observe({ adminView: false })'])
      expect(await check(WITH.replace(/observe\(.*\) \}/, `${without} }`))).toBeUndefined();
  });
});
