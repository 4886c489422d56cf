/** `init --pages`: the pages of a Next site follow what they read. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { ANSWERS, command, createProject, type Project } from './command.js';

const WRAPPER = 'src/payload-kv/index.ts';
const NEXT_CONFIG = `import { withPayload } from '@payloadcms/next/withPayload'

const nextConfig = {
  reactStrictMode: true,
}

export default withPayload(nextConfig)
`;
const PACKAGE = `{
  "type": "module",
  "dependencies": {
    "next": "16.4.6",
    "payload": "3.90.2"
  }
}
`;

let project: Project;
afterEach(() => project.remove());

const run = (...args: string[]) => command([...args, '--no-install', '--cwd', project.dir]);
const init = async (...args: string[]) => {
  const outcome = await run('init', '--yes', '--json', ...args);
  return {
    exitCode: outcome.exitCode,
    ...(JSON.parse(outcome.stdout) as { notices: string[]; refusals: { path: string; paste: string }[] }),
  };
};
const read = (file: string) => readFile(path.join(project.dir, file), 'utf8');
const onNext = (files: Record<string, string> = {}) =>
  createProject({ 'package.json': PACKAGE, 'next.config.mjs': NEXT_CONFIG, ...files });

describe.each(['at first', 'later'])('%s', (when) => {
  test.each(['push', 'handler'])('%s is wired, and remove takes back every byte', async (mode) => {
    project = await onNext();
    const before = await project.tree();
    if (when === 'later') await init();
    const { exitCode, notices } = await init('--pages', mode);
    expect(exitCode).toBe(0);
    const wrapper = await read(WRAPPER);
    expect(wrapper).toContain("import { nextPages } from 'payload-kv/next';\n");
    expect(wrapper).toContain(`  pages: nextPages({ revalidate: '${mode}' }),\n  ttl:`);
    const isHandler = mode === 'handler';
    expect((await read('next.config.mjs')).includes('payload-kv/next/cache-handler')).toBe(isHandler);
    expect(notices.some((notice) => notice.includes('PAYLOAD_KV_SITE_URL'))).toBe(!isHandler);
    const written = await project.tree();
    await init('--pages', mode);
    expect(await project.tree()).toEqual(written);
    const removed = await run('remove', '--yes');
    expect(removed.exitCode, removed.stdout + removed.stderr).toBe(0);
    expect(await project.tree()).toEqual(before);
  });
});

test('another mode takes back what it does not need, and keeps what somebody has added', async () => {
  project = await onNext();
  const before = await project.tree();
  await init('--pages', 'push');
  const first = await read(WRAPPER);
  await init('--pages', 'handler');
  expect(await read('next.config.mjs')).toContain('payload-kv/next/cache-handler');
  const { notices } = await init('--pages', 'push');
  expect(notices.join()).not.toContain('still names');
  expect(await read('next.config.mjs')).toBe(NEXT_CONFIG);
  expect(await read(WRAPPER)).toBe(first);
  expect((await run('remove', '--yes')).exitCode).toBe(0);
  expect(await project.tree()).toEqual(before);

  await init('--pages', 'handler');
  const edited = (await read('next.config.mjs')).replace('cacheHandler:', 'cacheHandler :');
  await writeFile(path.join(project.dir, 'next.config.mjs'), edited);
  const own = first.replace("revalidate: 'push' }", "revalidate: 'handler', url: site }");
  await writeFile(path.join(project.dir, WRAPPER), own);
  const told = await init('--pages', 'push');
  expect(told.notices.join()).toContain('next.config.mjs still names the cache handler');
  expect(await read(WRAPPER)).toContain("pages: nextPages({ revalidate: 'push', url: site }),");
});

test('pages in a way of somebody are left, with the line to paste', async () => {
  project = await onNext();
  await init('--pages', 'push');
  const own = (await read(WRAPPER)).replace("nextPages({ revalidate: 'push' })", 'nextPages({ ...mine })');
  await writeFile(path.join(project.dir, WRAPPER), own);
  const { refusals } = await init('--pages', 'push');
  expect(refusals).toEqual([
    expect.objectContaining({ path: WRAPPER, paste: expect.stringContaining("'push'") }),
  ]);
  expect(await read(WRAPPER)).toBe(own);
});

test.each([
  ['nothing', 'defineCloudflareConfig()', 'defineCloudflareConfig({ tagCache })'],
  [
    'a cache',
    'defineCloudflareConfig({\n  incrementalCache,\n})',
    'defineCloudflareConfig({\n  incrementalCache,\n  tagCache,\n})',
  ],
])(
  'a config of OpenNext that gives it %s gets the tag cache, and remove takes it back',
  async (_what, call, expected) => {
    const config = (written: string, imports = '') =>
      `import { defineCloudflareConfig } from '@opennextjs/cloudflare'\n${imports}\nexport default ${written}\n`;
    project = await onNext({ 'open-next.config.ts': config(call) });
    const before = await project.tree();
    const { exitCode, notices } = await init('--pages', 'handler');
    expect(exitCode).toBe(0);
    expect(await read('open-next.config.ts')).toBe(
      config(expected, "import tagCache from 'payload-kv/next/open-next'\n"),
    );
    expect(await read('next.config.mjs')).toBe(NEXT_CONFIG);
    expect(notices.some((notice) => notice.includes('incrementalCache'))).toBe(
      !call.includes('incrementalCache'),
    );
    const written = await project.tree();
    await init('--pages', 'handler');
    expect(await project.tree()).toEqual(written);
    await run('remove', '--yes');
    expect(await project.tree()).toEqual(before);
  },
);

test('a config of OpenNext with a tag cache of its own is left, with the lines to paste', async () => {
  const own = 'export default defineCloudflareConfig({ tagCache: mine });\n';
  project = await onNext({ 'open-next.config.ts': own });
  const { exitCode, refusals } = await init('--pages', 'handler');
  expect(exitCode).toBe(1);
  expect(refusals).toMatchObject([{ path: 'open-next.config.ts', line: 1 }]);
  expect(await read('open-next.config.ts')).toBe(own);
});

test('without a mode Next is told', async () => {
  project = await onNext();
  await init('--pages');
  expect(await read(WRAPPER)).toContain("pages: nextPages({ revalidate: 'push' }),");
});

test('without the flag nothing is said of pages', async () => {
  project = await onNext();
  await init();
  expect(await read(WRAPPER)).not.toContain('nextPages');
});

test('at a terminal it asks which', async () => {
  project = await onNext();
  const outcome = await command(['init', '--pages', ...ANSWERS, '--no-install', '--cwd', project.dir], {
    terminal: true,
    answers: ['By a cache handler', true],
  });
  expect(outcome.exitCode, outcome.stdout + outcome.stderr).toBe(0);
  expect(await read(WRAPPER)).toContain("revalidate: 'handler'");
});

test('a config of Next that cannot be edited is left, with the lines to paste', async () => {
  const own = 'export default async () => ({})\n';
  project = await onNext({ 'next.config.mjs': own });
  const { exitCode, refusals } = await init('--pages', 'handler');
  expect(exitCode).toBe(1);
  expect(refusals).toEqual([
    expect.objectContaining({
      path: 'next.config.mjs',
      paste: expect.stringContaining(
        "cacheHandler: createRequire(import.meta.url).resolve('payload-kv/next/cache-handler'),",
      ),
    }),
  ]);
  expect(await read('next.config.mjs')).toBe(own);
});

test('what somebody has changed since in that line is named by remove, not lost', async () => {
  project = await onNext();
  await init('--pages', 'handler');
  const changed = (await read('next.config.mjs')).replace('  cacheHandler:', '  // ours\n  cacheHandler :');
  await writeFile(path.join(project.dir, 'next.config.mjs'), changed);
  const removed = await run('remove', '--yes');
  expect(removed.stdout + removed.stderr).toMatch(/next\.config\.mjs.*cache-handler/s);
  expect(await read('next.config.mjs')).toContain('payload-kv/next/cache-handler');
});

test.each([
  [['--pages', 'sometimes'], PACKAGE, 'USAGE'],
  [['--pages'], PACKAGE.replace('    "next": "16.4.6",\n', ''), 'INVALID_PAGES'],
])('%s is refused where it cannot be', async (args, manifest, code) => {
  project = await onNext({ 'package.json': manifest });
  const outcome = await run('init', '--yes', '--json', ...args);
  expect(outcome.exitCode).toBe(2);
  expect(JSON.parse(outcome.stdout)).toMatchObject({ error: { code } });
});
