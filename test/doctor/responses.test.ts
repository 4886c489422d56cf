import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import { responses } from '../../src/doctor/checks/responses.js';
import { doctorContext } from '../../src/doctor/context.js';
import { inspectProject } from '../../src/inspect/project.js';
import { CONFIG, command, createProject, type Project } from '../cli/command.js';

let project: Project | undefined;
afterEach(() => project?.remove());

const REST = 'app/(payload)/api/[...slug]/route.ts';
const GRAPHQL = 'app/(payload)/api/graphql/route.ts';
const SITE = {
  'package.json': '{ "dependencies": { "graphql": "16.11.0", "next": "16.4.6", "payload": "3.90.2" } }\n',
  'node_modules/graphql/package.json': '{ "name": "graphql", "version": "16.11.0" }',
  [REST]:
    "import config from '@payload-config';\nimport { REST_GET } from '@payloadcms/next/routes';\nexport const GET = REST_GET(config);\n",
  [GRAPHQL]:
    "import config from '@payload-config';\nimport { GRAPHQL_POST } from '@payloadcms/next/routes';\nexport const POST = GRAPHQL_POST(config);\n",
};

/** What the check says of a site after `init` with these flags, and after somebody has changed a file. */
async function diagnose(
  flags: string[],
  files: Record<string, string | undefined> = {},
  changes: Record<string, (text: string) => string> = {},
) {
  project = await createProject({ ...SITE, ...files });
  const init = await command(['init', '--yes', '--no-install', '--cwd', project.dir, ...flags]);
  expect(init.exitCode, init.stdout + init.stderr).toBe(0);
  for (const [file, change] of Object.entries(changes)) {
    const path = `${project.dir}/${file}`;
    await writeFile(path, change(await readFile(path, 'utf8')));
  }
  return responses.run(await doctorContext(inspectProject({ cwd: project.dir })));
}

test('there is nothing to look at where no handler is wrapped', async () => {
  expect(await diagnose([])).toBeUndefined();
});

test('as init wires it, all is fine', async () => {
  expect(await diagnose(['--responses'])).toEqual({ status: 'ok', summary: '2 files answer from the cache' });
});

test('without the plugin nothing is kept', async () => {
  const result = await diagnose(['--responses'], {}, { 'src/payload.config.ts': () => CONFIG });
  expect(result).toMatchObject({
    status: 'fail',
    summary: expect.stringContaining('src/payload.config.ts does not use it'),
    fix: expect.stringContaining('payload-kv init'),
  });
});

test('GraphQL without the module that reads its queries', async () => {
  const missing = await diagnose(['--responses'], { 'node_modules/graphql/package.json': undefined });
  expect(missing).toMatchObject({
    status: 'fail',
    summary: expect.stringContaining('`graphql`, and it is not installed'),
    fix: expect.stringContaining('install graphql'),
  });
  await project?.remove();
  const blind = await diagnose(
    ['--responses'],
    {},
    { [GRAPHQL]: (text) => text.replace('{ graphql }', '{}') },
  );
  expect(blind).toMatchObject({
    status: 'warn',
    summary: expect.stringContaining('every POST is passed on'),
  });
});

test.each(["'force-static'", "'error' as const"])('a handler that is built: %s', async (dynamic) => {
  const result = await diagnose(
    ['--responses'],
    {},
    {
      [REST]: (text) => `${text}export const dynamic = ${dynamic};\n`,
    },
  );
  expect(result).toMatchObject({
    status: 'fail',
    summary: expect.stringContaining(`${REST}:5`),
    fix: expect.any(String),
  });
});

test('a route that was written anew', async () => {
  const result = await diagnose(['--responses'], {}, { [REST]: () => SITE[REST] });
  expect(result).toMatchObject({
    status: 'warn',
    summary: expect.stringContaining(REST),
    fix: expect.stringContaining('init --responses'),
  });
});

test('endpoints of the site that are passed on are named, but those that the policy names', async () => {
  const endpoint = (path: string, method = 'get') =>
    `{ path: '${path}', method: '${method}', handler: () => Response.json({}) }`;
  const config = CONFIG.replace(
    "{ slug: 'pages',",
    `{ slug: 'pages', endpoints: [${endpoint('/popular')}, ${endpoint('/like', 'post')}, ${endpoint('/top/:n')}],`,
  )
    .replace("{ slug: 'header',", `{ slug: 'header', endpoints: [${endpoint('/menu')}],`)
    .replace('  db,', `  endpoints: [${endpoint('/search')}],\n  db,`);
  const files = { 'src/payload.config.ts': config };
  expect(await diagnose(['--responses'], files)).toEqual({
    status: 'ok',
    summary: expect.stringMatching(
      /passed on: \/globals\/header\/menu, \/pages\/popular, \/pages\/top\/:n, …$/,
    ),
    details: expect.arrayContaining([expect.stringMatching(/^GET \/search: `endpoints`/)]),
  });
  await project?.remove();
  const named = await diagnose(['--responses'], files, {
    [REST]: (text) => text.replace("'rest' }", "'rest', endpoints: ['/pages/*', '/search'] }"),
  });
  expect(named).toMatchObject({ summary: expect.stringMatching(/passed on: \/globals\/header\/menu$/) });
});

const SERVER = `import { createServer } from 'node:http';
import next from 'next';
import { expressCache } from 'payload-kv/responses';
const app = next({ dev: false });
const handle = app.getRequestHandler();
`;
const IN_FRONT = `const cache = expressCache({ api: 'rest' });
createServer((request, response) => cache(request, response, () => handle(request, response))).listen(3000);
`;

test.each([
  ['called with what comes after it', IN_FRONT],
  ['used by Express', "server.use(expressCache());\nserver.all('*path', handle);\n"],
  ['used by Express, by a name', "const cache = expressCache({ ttl: '5m' });\nserver.use(cache);\n"],
])('a middleware in front of Next that keeps nothing: %s', async (_, text) => {
  const result = await diagnose([], { 'server.ts': SERVER + text });
  expect(result).toMatchObject({
    status: 'warn',
    summary: expect.stringContaining('server.ts:6 puts `expressCache` in front of Next'),
    fix: expect.stringContaining('headers: []'),
  });
});

test.each([
  ['with its headers', SERVER + IN_FRONT.replace('}', ", headers: ['x-tenant'] }")],
  ['with a policy that is not written out', SERVER + IN_FRONT.replace("api: 'rest'", '...policy')],
  ['at a path of its own', `${SERVER}server.use('/feed', expressCache());\n`],
  ['without Next', (SERVER + IN_FRONT).replace("import next from 'next';\n", '')],
  ['of another module', (SERVER + IN_FRONT).replace('payload-kv/responses', './payload-kv/responses')],
])('a middleware of which nothing can be said: %s', async (_, text) => {
  expect(await diagnose([], { 'server.ts': text })).toBeUndefined();
});
