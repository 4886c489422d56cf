/** `init --responses`: Payload's routes answer whole requests from the cache. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { ANSWERS, command, createProject, type Project } from './command.js';

const ROUTE = 'src/app/(payload)/api/[...slug]/route.ts';
const GRAPHQL_ROUTE = 'src/app/(payload)/api/graphql/route.ts';
const REST = `import config from '@payload-config'
import { REST_GET, REST_POST } from '@payloadcms/next/routes'

export const GET = REST_GET(config)
export const POST = REST_POST(config)
`;
const GRAPHQL = `import config from '@payload-config'
import { GRAPHQL_POST, REST_OPTIONS } from '@payloadcms/next/routes'

export const POST = GRAPHQL_POST(config)
export const OPTIONS = REST_OPTIONS(config)
`;
const manifest = (...names: string[]) =>
  `${JSON.stringify({ dependencies: Object.fromEntries([...names, 'payload'].map((name) => [name, '3.90.2'])) }, null, 2)}\n`;
const WRAPPED = "withResponseCache(REST_GET(config), { api: 'rest' })\n";

let project: Project;
afterEach(() => project.remove());

const run = (...args: string[]) => command([...args, '--no-install', '--cwd', project.dir]);
const init = async (...args: string[]) => {
  const outcome = await run('init', '--yes', '--json', ...args);
  return {
    exitCode: outcome.exitCode,
    ...(JSON.parse(outcome.stdout) as {
      notices: string[];
      refusals: { path: string; paste: string; by?: string }[];
    }),
  };
};
const read = (file: string) => readFile(path.join(project.dir, file), 'utf8');
const write = (file: string, text: string) => writeFile(path.join(project.dir, file), text);
const onNext = (files: Record<string, string> = {}) =>
  createProject({
    'package.json': manifest('graphql', 'next'),
    [ROUTE]: REST,
    [GRAPHQL_ROUTE]: GRAPHQL,
    ...files,
  });
const remove = async () => {
  const removed = await run('remove', '--yes');
  expect(removed.exitCode, removed.stdout + removed.stderr).toBe(0);
};

describe.each(['at first', 'later'])('%s', (when) => {
  test.each(['remove', 'init --no-responses'])(
    'both routes are wired, and %s takes back every byte',
    async (how) => {
      project = await onNext();
      const before = await project.tree();
      if (when === 'later') await init();
      const withoutThem = await project.tree();
      const { exitCode, refusals } = await init('--responses');
      expect({ exitCode, refusals }).toEqual({ exitCode: 0, refusals: [] });
      expect(await read(ROUTE)).toBe(
        REST.replace('REST_GET(config)\n', WRAPPED).replace(
          "routes'\n",
          "routes'\nimport { withResponseCache } from 'payload-kv/responses'\n",
        ),
      );
      expect(await read(GRAPHQL_ROUTE)).toBe(
        GRAPHQL.replace(
          'GRAPHQL_POST(config)\n',
          'withResponseCache(GRAPHQL_POST(config), { graphql })\n',
        ).replace(
          "routes'\n",
          "routes'\nimport * as graphql from 'graphql'\nimport { withResponseCache } from 'payload-kv/responses'\n",
        ),
      );
      const written = await project.tree();
      await init('--responses');
      await init();
      await run('sync', '--yes');
      expect(await project.tree()).toEqual(written);
      if (how !== 'remove') {
        expect((await init('--no-responses')).exitCode).toBe(0);
        expect(await read(ROUTE)).toBe(REST);
        if (when === 'later') expect(await project.tree()).toEqual(withoutThem);
      }
      await remove();
      expect(await project.tree()).toEqual(before);
    },
  );
});

test('without the flag, or with the other one, nothing is said of responses', async () => {
  project = await onNext();
  await init();
  await init('--no-responses');
  expect(await read(ROUTE)).toBe(REST);
});

test('a route that is elsewhere, and written in JavaScript, is found', async () => {
  const route = 'app/(cms)/rest/[...all]/route.js';
  project = await onNext({ [ROUTE]: '', [route]: REST });
  await init('--responses');
  expect(await read(route)).toContain(WRAPPED);
});

test('GraphQL stays where package.json has no `graphql`, which is said', async () => {
  project = await onNext({ 'package.json': manifest('next') });
  const { exitCode, notices } = await init('--responses');
  expect(exitCode).toBe(0);
  expect(notices.join()).toContain(`${GRAPHQL_ROUTE} stays: package.json has no dependency \`graphql\``);
  expect(await read(GRAPHQL_ROUTE)).toBe(GRAPHQL);
  expect(await read(ROUTE)).toContain(WRAPPED);
});

test('a route of somebody is left, with the lines to paste', async () => {
  const own = REST.replace('REST_GET(config)', 'withLogging(REST_GET(config))');
  project = await onNext({ [ROUTE]: own });
  const { exitCode, refusals } = await init('--responses');
  expect(exitCode).toBe(1);
  expect(refusals).toEqual([
    expect.objectContaining({
      path: ROUTE,
      line: 4,
      paste:
        "import { withResponseCache } from 'payload-kv/responses'\n\nexport const GET = withResponseCache(REST_GET(config), { api: 'rest' })",
    }),
  ]);
  expect(await read(ROUTE)).toBe(own);
});

test('a policy that was written since goes with what it is of, by remove and without a ledger', async () => {
  project = await onNext();
  const before = await project.tree();
  for (const ledger of ['with', 'without']) {
    await init('--responses');
    const own = (await read(ROUTE)).replace(
      "{ api: 'rest' }",
      "{ api: 'rest', endpoints: ['/posts/popular'] }",
    );
    await write(ROUTE, own);
    if (ledger === 'without') await rm(path.join(project.dir, 'src/payload-kv/schema.generated.ts'));
    await run('remove', '--yes', '--force');
    expect(await read(ROUTE)).toBe(REST);
  }
  // Nothing told that the import of `graphql` was ours, nor what package.json was before.
  await write(GRAPHQL_ROUTE, GRAPHQL);
  await write('package.json', manifest('graphql', 'next'));
  expect(await project.tree()).toEqual(before);
});

test('what somebody has put around it is named by remove, not lost', async () => {
  project = await onNext();
  await init('--responses');
  const own = (await read(ROUTE)).replace(WRAPPED, `log(${WRAPPED.trimEnd()})\n`);
  await write(ROUTE, own);
  for (const args of [
    ['init', '--yes', '--no-responses'],
    ['remove', '--yes'],
  ]) {
    const outcome = await run(...args);
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stdout).toContain('log(withResponseCache(REST_GET(config)');
    expect(await read(ROUTE)).toBe(own);
  }
});

const atTerminal = (answers: readonly boolean[], ...args: string[]) =>
  command(['init', ...args, '--no-install', '--cwd', project.dir], { terminal: true, answers });

test.each([true, false])('at a terminal it asks, and does as it is told: %s', async (answer) => {
  project = await onNext();
  const outcome = await atTerminal([answer, true], ...ANSWERS);
  expect(outcome.exitCode, outcome.stdout + outcome.stderr).toBe(0);
  expect((await read(ROUTE)).includes(WRAPPED)).toBe(answer);
});

test('at a terminal it does not ask where the flag has said it, nor where there is no route', async () => {
  project = await onNext();
  expect((await atTerminal([true], ...ANSWERS, '--responses')).exitCode).toBe(0);
  expect(await read(ROUTE)).toContain(WRAPPED);
  expect((await atTerminal([true], '--no-responses')).exitCode).toBe(0);
  expect(await read(ROUTE)).toBe(REST);
  await project.remove();
  project = await createProject();
  expect((await atTerminal([true], ...ANSWERS)).exitCode).toBe(0);
});

test.each([
  ['nothing of Next', {}],
  ['only a test of it', { 'test/api.test.ts': REST }],
])('%s is no site to wire', async (_what, files) => {
  project = await createProject(files);
  const before = await project.tree();
  const outcome = await run('init', '--yes', '--json', '--responses');
  expect(outcome.exitCode).toBe(2);
  expect(JSON.parse(outcome.stdout)).toMatchObject({ error: { code: 'INVALID_RESPONSES' } });
  expect(await project.tree()).toEqual(before);
});
