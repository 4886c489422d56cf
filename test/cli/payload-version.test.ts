import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { command, createProject, type Project } from './command.js';

let project: Project;
afterEach(() => project?.remove());

const OLD = '3.10.0';
type Files = Record<string, string | object>;

/** What `init` would do in a project of these files: its notices, or the message of the error. */
async function init(
  files: Files,
): Promise<{ taken: true; notices: string[] } | { taken: false; said: string }> {
  project = await createProject();
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(project.dir, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  }
  const { stdout } = await command(['init', '--dry-run', '--yes', '--json', '--cwd', project.dir]);
  const { error, notices } = JSON.parse(stdout);
  if (!error) return { taken: true, notices };
  expect(error.code).toBe('PAYLOAD_VERSION_UNSUPPORTED');
  return { taken: false, said: `${error.message}\n${error.nextStep}` };
}

const manifest = (payload: string, more = {}) => ({
  'package.json': { name: 'site', dependencies: { payload }, ...more },
});
const withYaml = (payload: string, yaml: string) => ({
  ...manifest(payload),
  'pnpm-workspace.yaml': yaml,
  'pnpm-lock.yaml': "lockfileVersion: '9.0'\n",
});
const npm = { 'package-lock.json': '{ "lockfileVersion": 3 }' };
const refused = async (files: Files, version = OLD) => {
  expect(await init(files)).toMatchObject({
    taken: false,
    said: expect.stringContaining(`Payload ${version} `),
  });
};
const taken = async (files: Files) => expect(await init(files)).toEqual({ taken: true, notices: [] });

describe('a range is refused where no version of it is supported, and only there', () => {
  test.each([
    '^2.0.0 || ^3.0.0',
    '^3.0.0 || ^4.0.0',
    '2.0.0 - 3.90.2',
    '>2',
    '>2.30.0',
    '>=2.0.0 <4.0.0',
    '<4',
    '*',
    '',
    'latest',
    'npm:payload',
    'npm:payload@^3.90.0',
  ])('%s is taken', (range) => taken(manifest(range)));

  test.each([
    '^2.0.0',
    '>=4',
    '3.10.x',
    '>3.10.0 <3.20.0',
    '3.1.0 || 4.0.0',
    'npm:payload@^2.0.0',
    '2.0.0 || 4.0.0',
  ])('%s is refused', async (range) => {
    expect((await init(manifest(range))).taken).toBe(false);
  });
});

describe('the catalog of a workspace is read as YAML', () => {
  test.each([
    ['in flow style', `catalog: { react: ^19, payload: '${OLD}' }`],
    ['in flow style, over several lines', `catalog: {\n  payload: ${OLD},\n}`],
    ['with an anchor', `catalog:\n  payload: &payload ${OLD}\n  '@payloadcms/next': *payload`],
    ['with an alias', `x: &payload ${OLD}\ncatalog:\n  payload: *payload`],
    ['with a merge key', `x: &base\n  payload: ${OLD}\ncatalog:\n  <<: *base`],
    ['as a block scalar', `catalog:\n  payload: >-\n    ${OLD}`],
    ['on the next line', `catalog:\n  payload:\n    ${OLD}`],
    ['with a tag', `catalog:\n  payload: !!str ${OLD}`],
    ['with a written-out key', `catalog:\n  ? payload\n  : ${OLD}`],
    ['with quotes and comments', `"catalog": # ours\r\n\r\n  'payload': "${OLD}" # old\r\n`],
  ])('%s', (_name, yaml) => refused(withYaml('catalog:', yaml)));

  test.each([
    ['cms', `catalogs:\n  cms: { payload: ${OLD} }`],
    ['a:b', `catalogs:\n  "a:b":\n    payload: ${OLD}`],
    ['cms.v3', `catalogs:\n  cms.v3:\n    payload: ${OLD}`],
    ['default', `catalogs:\n  default:\n    payload: ${OLD}`],
  ])('of the name %s', (name, yaml) => refused(withYaml(`catalog:${name}`, yaml)));

  test('a version that looks like a number stays as it is written', async () => {
    await refused(withYaml('catalog:', 'catalog:\n  payload: 3.10\n'), '3.10');
    await project.remove();
    await taken(withYaml('catalog:', 'catalog:\n  payload: 3.30\n'));
  });

  test('what cannot be read is told', async () => {
    const told = async (files: Files) => (await init(files)) as { notices: string[] };
    expect((await told(withYaml('catalog:', 'catalog:\n  payload: [\n'))).notices).toEqual([
      expect.stringContaining('could not be read: pnpm-workspace.yaml is no valid YAML'),
    ]);
    await project.remove();
    expect((await told(withYaml('catalog:cms', 'catalog:\n  payload: 3.90.2\n'))).notices).toEqual([
      expect.stringContaining(
        'could not be read: it is declared as `catalog:cms`. See that it is one of >=3.20.0 <4.',
      ),
    ]);
  });
});

describe('an override counts for the ranges and packages that it names', () => {
  const yarn = { packageManager: 'yarn@4.5.0' };
  const pnpm = { packageManager: 'pnpm@10.0.0' };

  test.each<[string, Files]>([
    ['npm', { ...manifest('^3.0.0', { overrides: { 'payload@^3.0.0': OLD } }), ...npm }],
    ['npm, for this package', { ...manifest('^3.0.0', { overrides: { site: { payload: OLD } } }), ...npm }],
    ['pnpm', manifest('^3.90.0', { ...pnpm, pnpm: { overrides: { 'payload@3': OLD } } })],
    ['pnpm, in YAML', withYaml('^3.90.0', `overrides:\n  "payload@^3": ${OLD}\n`)],
    ['pnpm, for this package', withYaml('^3.90.0', `overrides:\n  site>payload: ${OLD}\n`)],
    ['yarn', manifest('^3.90.0', { ...yarn, resolutions: { 'payload@npm:^3.90.0': `npm:${OLD}` } })],
    ['yarn, for this package', manifest('^3.90.0', { ...yarn, resolutions: { 'site/payload': OLD } })],
    [
      'yarn, with a patch',
      manifest('^3.90.0', {
        ...yarn,
        resolutions: { payload: `patch:payload@npm%3A${OLD}#~/.yarn/patches/x.patch` },
      }),
    ],
  ])('%s: one to an old version is refused', (_name, files) => refused(files));

  test.each<[string, Files]>([
    ['one that brings an old version up', withYaml(OLD, 'overrides:\n  "payload@<3.50": 3.90.2\n')],
    ['one for another range', withYaml('^3.90.0', `overrides:\n  "payload@<3.50": ${OLD}\n`)],
    ['one for another package', withYaml('3.90.2', `overrides:\n  "@payloadcms/next>payload": ${OLD}\n`)],
    [
      'one for another package, with npm',
      { ...manifest('3.90.2', { overrides: { next: { payload: OLD } } }), ...npm },
    ],
    [
      'one for another range, with yarn',
      manifest('^3.90.0', { ...yarn, resolutions: { 'payload@npm:^3.0.0': OLD } }),
    ],
    ['one of a package of that scope', withYaml('3.90.2', `overrides:\n  "@acme/payload": ${OLD}\n`)],
    ['one that takes it away', withYaml('3.90.2', "overrides:\n  payload: '-'\n")],
    ['one that repeats the dependency', withYaml('3.90.2', 'overrides:\n  payload: $payload\n')],
  ])('%s is taken', (_name, files) => taken(files));
});

describe('a lock file tells the version where nothing is installed', () => {
  const locks: [string, Files][] = [
    [
      'npm',
      { 'package-lock.json': { lockfileVersion: 3, packages: { 'node_modules/payload': { version: OLD } } } },
    ],
    ['npm 6', { 'package-lock.json': { lockfileVersion: 1, dependencies: { payload: { version: OLD } } } }],
    [
      'pnpm',
      {
        'pnpm-lock.yaml': `lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      payload:\n        specifier: ^3.0.0\n        version: ${OLD}(graphql@16.0.0)\npackages:\n  payload@${OLD}: {}\n`,
      },
    ],
    [
      'pnpm 7',
      { 'pnpm-lock.yaml': `lockfileVersion: 5.4\ndependencies:\n  payload: ${OLD}_graphql@16.0.0\n` },
    ],
    ['yarn 1', { 'yarn.lock': `payload@^3.0.0, payload@^3.1.0:\n  version "${OLD}"\n` }],
    ['yarn 4', { 'yarn.lock': `"payload@npm:^3.0.0, payload@npm:^3.1.0":\n  version: ${OLD}\n` }],
    ['bun', { 'bun.lock': `{ "packages": { "payload": ["payload@${OLD}", "", {}, "sha"], }, }` }],
  ];
  test.each(locks)('%s: an old one is refused', (_name, lock) => refused({ ...manifest('^3.0.0'), ...lock }));
  test.each(locks)('%s: one that the range does not let in any more says nothing', (_name, lock) =>
    taken({ ...manifest('^3.50.0'), ...lock }),
  );

  test('in a workspace it is the one of the package', async () => {
    const packages = {
      'node_modules/payload': { version: '3.90.2' },
      'apps/web/node_modules/payload': { version: OLD },
    };
    project = await createProject({
      'package.json': '{ "workspaces": ["apps/*"] }',
      'package-lock.json': JSON.stringify({ lockfileVersion: 3, packages }),
      'src/payload.config.ts': undefined,
      'apps/web/package.json': '{ "name": "web", "dependencies": { "payload": "^3.0.0" } }',
      'apps/web/payload.config.ts':
        "import { buildConfig } from 'payload';\nexport default buildConfig({ collections: [{ slug: 'posts', fields: [] }] });\n",
    });
    const { stdout } = await command([
      'init',
      '--dry-run',
      '--json',
      '--cwd',
      path.join(project.dir, 'apps/web'),
    ]);
    expect(JSON.parse(stdout).error.message).toContain(`Payload ${OLD} is none that`);
  });

  test('one that cannot be read is told', async () => {
    const broken = { ...manifest('^3.0.0'), 'package-lock.json': '{ "packages": ' };
    expect(await init(broken)).toEqual({
      taken: true,
      notices: [expect.stringContaining('could not be read: package-lock.json cannot be read')],
    });
  });
});

describe('a pre-release, which npm installs beside no range that does not name it', () => {
  const canary = '3.91.0-canary.2';
  const installed = { 'node_modules/payload/package.json': { version: canary } };
  const override = { overrides: { 'payload-kv': { payload: '$payload' } } };

  test.each<[string, Files]>([
    ['declared', manifest(canary)],
    ['installed', { ...manifest('^3.91.0-canary.1'), ...installed }],
  ])('%s, is refused with what lets it in', async (_name, files) => {
    const outcome = await init(files);
    expect(outcome).toMatchObject({
      taken: false,
      said: expect.stringContaining(`Payload ${canary} is a pre-release`),
    });
    expect(outcome).toMatchObject({
      said: expect.stringContaining(JSON.stringify(override.overrides).slice(1, 13)),
    });
  });

  test('is refused before the first of the range as well', async () => {
    await refused(manifest('3.20.0-canary.1'), '3.20.0-canary.1');
  });

  test.each<[string, Files]>([
    ['with that in package.json', manifest(canary, override)],
    ['where npm is told to leave peers alone', { ...manifest(canary), '.npmrc': 'legacy-peer-deps=true\n' }],
    ['with another package manager', { ...manifest(canary), 'pnpm-lock.yaml': '' }],
    ['that an installation replaces', { ...manifest('^3.90.0'), ...installed }],
  ])('%s, is taken', (_name, files) => taken(files));
});

test.each([
  'workspace:*',
  'canary',
  'github:payloadcms/payload#v3.10.0',
  'https://example.com/payload-3.10.0.tgz',
  'npm:@acme/payload@1.0.0',
])('that nobody knows which version %s is, is told', async (declared) => {
  expect(await init(manifest(declared))).toEqual({
    taken: true,
    notices: [expect.stringContaining(`could not be read: it is declared as \`${declared}\`.`)],
  });
});

test.each(['{', '', '[]', '{ "name": "payload" }'])(
  'an installed Payload whose manifest is %j is told',
  async (text) => {
    expect(await init({ ...manifest('^3.50.0'), 'node_modules/payload/package.json': text })).toEqual({
      taken: true,
      notices: [
        expect.stringContaining('could not be read: node_modules/payload/package.json has no version.'),
      ],
    });
  },
);
