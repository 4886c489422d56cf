import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commitAll } from '../support/project.js';
import { removeDirectory } from '../support/remove-directory.js';
import { CONFIG, command, createProject, type Project } from './command.js';
import { type Answer, CTRL_C } from './person.js';

let project: Project;
const init = (args: string[], answers?: readonly Answer[]) =>
  command(['init', '--no-install', '--cwd', project.dir, ...args], {
    terminal: answers !== undefined,
    ...(answers && { answers }),
  });

beforeEach(async () => {
  project = await createProject();
});
afterEach(() => project.remove());

describe('without a terminal', () => {
  test('missing answers are an error that names their flags', async () => {
    const { exitCode, stderr } = await init(['--collections', 'posts']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--globals a,b, --ttl 5m, --store cloudflare-kv|memory|redis, --binding NAME');
    expect(stderr).not.toContain('--collections a,b');
    expect(stderr).toContain('Add --yes');
  });

  test('with every answer given, --yes is still wanted before anything is written', async () => {
    const before = await project.tree();
    const flags = ['--collections', 'posts', '--globals', 'none', '--ttl', '5m', '--store', 'memory'];
    const { exitCode, stderr } = await init(flags);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--yes');
    expect(await project.tree()).toEqual(before);
  });

  test('a dry run shows the proposals and writes nothing', async () => {
    const before = await project.tree();
    const { exitCode, stdout } = await init(['--dry-run']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('+  plugins: [cache],');
    expect(stdout.split('\n').filter((line) => line.length > 120)).toEqual([]);
    expect(stdout).toContain('Dry run: nothing was written.');
    expect(await project.tree()).toEqual(before);
  });

  test('--yes takes the proposals, and says what they are', async () => {
    const { exitCode, stdout } = await init(['--yes']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/cached +pages, posts, header, for 5m/);
    expect(stdout).toMatch(/not +users: has auth/);
    const tree = await project.tree();
    expect(tree['src/payload-kv/index.ts']).toContain("posts: { slices: ['slug'] },");
    expect(tree['src/payload-kv/index.ts']).not.toContain('users');
  });

  test('plugins that are not run are one sentence, which says who knows', async () => {
    const plugins = 'plugins: [\n    seo({ collections: ["posts"] }),\n    search({}),\n  ],\n  globals:';
    await writeFile(
      path.join(project.dir, 'src/payload.config.ts'),
      `import { search, seo } from 'shop';\n${CONFIG.replace('globals:', plugins)}`,
    );
    const { stdout } = await init(['--dry-run']);
    expect(stdout.split('\n').filter((line) => line.startsWith('!'))).toEqual([
      '! src/payload.config.ts:12, 13: plugins that are not known, `seo()`, `search()`: collections that only they add are not cached unless you name them',
    ]);
    expect(stdout).toContain('--exact asks Payload itself.');
  });

  test('the next steps begin where the project is, and end with what visitors see', async () => {
    const { stdout } = await init(['--yes']);
    const steps = stdout.slice(stdout.indexOf('Next'));
    expect(steps).toContain(`  → cd ${path.relative(process.cwd(), project.dir)}\n  → npm install\n`);
    expect(steps).toContain('→ Commit what was written, the generated schema too, and deploy as always.\n');
  });

  test('a directory in the next steps is one that a shell finds, whatever its name', async () => {
    const dir = `${project.dir} it's`;
    await rename(project.dir, dir);
    const { stdout } = await command(['init', '--no-install', '--yes', '--cwd', dir]);
    const [, directory] = /→ cd (.*)\n/.exec(stdout)!;
    const { stdout: found } = await execa('sh', ['-c', `cd ${directory} && pwd`]);
    await rename(dir, project.dir);
    expect(found).toBe(dir);
  });

  test('flags answer what they name, over the proposals', async () => {
    const flags = [
      '--collections',
      'users,posts',
      '--globals',
      'none',
      '--ttl',
      '90',
      '--ttl-for',
      'posts=1h',
    ];
    const { exitCode, stdout } = await init(['--yes', ...flags]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('`users` has auth and is cached without its secrets');
    const text = (await project.tree())['src/payload-kv/index.ts'];
    expect(text).toContain("users: { allowAuth: 'without-secrets' },");
    expect(text).toContain("posts: { ttl: '1h', slices: ['slug'] },");
    expect(text).toContain('ttl: 90,');
    expect(text).toContain('globals: {},');
  });

  test('what the admin panel remembers is cached where it is named, and nothing speaks against it later', async () => {
    const flags = ['--yes', '--no-install', '--collections', 'posts,payload-preferences'];
    expect((await init(flags)).exitCode).toBe(0);
    const text = (await project.tree())['src/payload-kv/index.ts'];
    expect(text).toContain("'payload-preferences': { slices: ['key'] },");
    expect(await command(['sync', '--check', '--cwd', project.dir])).toMatchObject({
      exitCode: 0,
      stdout: expect.not.stringContaining('payload-preferences'),
    });
    const doctor = await command(['doctor', '--json', '--cwd', project.dir]);
    const { checks } = JSON.parse(doctor.stdout) as { checks: { id: string; status: string }[] };
    expect(checks.find(({ id }) => id === 'policy')).toMatchObject({ status: 'ok' });
  });

  test('accounts are cached without their secrets; whole ones not outside of the process', async () => {
    const asked = ['--yes', '--no-install', '--collections', 'posts,users', '--store', 'memory'];
    const { exitCode, stdout } = await init(asked);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('`users` has auth and is cached without its secrets');
    const file = path.join(project.dir, 'src/payload-kv/index.ts');
    const written = await readFile(file, 'utf8');
    expect(written).toContain("users: { allowAuth: 'without-secrets'");
    expect((await init(['--yes', '--no-install', '--store', 'redis', '--dry-run'])).exitCode).toBe(0);

    await writeFile(file, written.replace("allowAuth: 'without-secrets'", 'allowAuth: true'));
    const before = await project.tree();
    for (const store of ['cloudflare-kv', 'redis']) {
      const moved = await init(['--yes', '--store', store]);
      expect(moved.exitCode).toBe(2);
      expect(moved.stderr).toContain(
        '`users` has auth: hashes and salts of its passwords would be kept outside',
      );
      expect(moved.stderr).toContain(
        "Write `allowAuth: 'without-secrets'` there, leave `users` out, keep entries",
      );
    }
    expect(await project.tree()).toEqual(before);
  });

  describe('a Payload that this package does not work with is refused before anything is written', () => {
    const manifest = (payload: string, more = {}) => ({
      name: 'site',
      dependencies: { payload, '@payloadcms/db-sqlite': payload, '@payloadcms/eslint-config': '3.0.0' },
      devDependencies: { '@payloadcms/graphql': payload },
      ...more,
    });
    const add = 'payload@3.87.1 @payloadcms/db-sqlite@3.87.1 @payloadcms/graphql@3.87.1';
    async function refused(files: Record<string, string>) {
      for (const [name, text] of Object.entries(files)) {
        await mkdir(path.dirname(path.join(project.dir, name)), { recursive: true });
        await writeFile(path.join(project.dir, name), text);
      }
      const before = await project.tree();
      const { exitCode, stderr, stdout } = await init(['--yes', '--no-install']);
      expect(await project.tree()).toEqual(before);
      expect({ exitCode, stdout }).toMatchObject({ exitCode: 2 });
      return stderr;
    }

    test.each([
      ['npm', 'package-lock.json', `npm install --save-exact ${add}`],
      ['pnpm', 'pnpm-lock.yaml', `pnpm add --save-exact ${add}`],
      ['yarn', 'yarn.lock', `yarn add --exact ${add}`],
      ['bun', 'bun.lock', `bun add --exact ${add}`],
    ])('declared and not installed, with %s', async (_name, lockFile, command) => {
      const stderr = await refused({ 'package.json': JSON.stringify(manifest('3.12.0')), [lockFile]: '' });
      expect(stderr).toContain('Payload 3.12.0 is none that this package works with (>=3.20.0 <4)');
      expect(stderr).toContain(command);
    });

    test('installed', async () => {
      const stderr = await refused({
        'package.json': JSON.stringify(manifest('^3.12.0')),
        'node_modules/payload/package.json': '{ "name": "payload", "version": "3.12.3" }',
      });
      expect(stderr).toContain('Payload 3.12.3 is none that');
    });

    test('behind a catalog, an override or an alias', async () => {
      const yaml = 'catalog:\n  payload: ~3.12.0\n';
      expect(
        await refused({
          'package.json': JSON.stringify(manifest('catalog:')),
          'pnpm-workspace.yaml': yaml,
          'pnpm-lock.yaml': '',
        }),
      ).toContain(
        'Set payload and every @payloadcms package to 3.87.1 in the catalog of pnpm-workspace.yaml, then run: pnpm install',
      );
      await rm(path.join(project.dir, 'pnpm-workspace.yaml'));
      await rm(path.join(project.dir, 'pnpm-lock.yaml'));
      expect(
        await refused({
          'package.json': JSON.stringify(manifest('^3.80.0', { overrides: { payload: '3.12.0' } })),
        }),
      ).toContain('to 3.87.1 in package.json, then run: npm install');
      expect(await refused({ 'package.json': JSON.stringify(manifest('npm:payload@3.12.0')) })).toContain(
        'Payload 3.12.0 is none that',
      );
    });

    test('and one that an installation brings to a right version is not', async () => {
      await mkdir(path.join(project.dir, 'node_modules/payload'), { recursive: true });
      await writeFile(
        path.join(project.dir, 'node_modules/payload/package.json'),
        '{ "name": "payload", "version": "3.12.0" }',
      );
      await writeFile(path.join(project.dir, 'package.json'), JSON.stringify(manifest('3.90.2')));
      const { exitCode } = await init(['--yes', '--no-install']);
      expect(exitCode).toBe(0);
    });

    test.each(['workspace:*', 'latest', 'github:payloadcms/payload', '^3.0.0'])(
      'and %s, of which nobody knows, is not',
      async (declared) => {
        await writeFile(path.join(project.dir, 'package.json'), JSON.stringify(manifest(declared)));
        expect((await init(['--dry-run'])).exitCode).toBe(0);
      },
    );
  });

  test('a Payload that is newer is told to be none yet', async () => {
    await writeFile(
      path.join(project.dir, 'package.json'),
      '{ "dependencies": { "payload": "4.0.0-canary.36" } }',
    );
    const { exitCode, stderr } = await init(['--dry-run']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Payload 4 is not supported yet');
  });

  test('memory on Workers is told', async () => {
    const config = CONFIG.replace('  db,', '  db: sqliteD1Adapter({ binding: cloudflare.env.D1 }),').replace(
      'export default',
      'const cloudflare = await getCloudflareContext();\n\nexport default',
    );
    await writeFile(
      path.join(project.dir, 'src/payload.config.ts'),
      `import { sqliteD1Adapter } from '@payloadcms/db-d1-sqlite';\n${config}`,
    );
    expect((await init(['--dry-run', '--store', 'memory'])).stdout).toContain('! Memory is for one process.');
    expect((await init(['--dry-run', '--store', 'cloudflare-kv'])).stdout).not.toContain('! Memory');
  });

  test('a remote database with a local namespace is told', async () => {
    const text = '{ "name": "site", "d1_databases": [{ "binding": "D1", "remote": true }] }';
    await writeFile(path.join(project.dir, 'wrangler.jsonc'), text);
    const told = '! The D1 database in wrangler.jsonc is `remote`, PAYLOAD_CACHE is not';
    expect((await init(['--dry-run', '--store', 'cloudflare-kv'])).stdout).toContain(told);
    expect((await init(['--dry-run', '--store', 'memory'])).stdout).not.toContain(told);
  });

  test('a TTL below what KV keeps is told', async () => {
    const { exitCode, stdout } = await init(['--yes', '--store', 'cloudflare-kv', '--ttl', '30s']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Cloudflare KV keeps everything for 60 seconds at least');
    expect(stdout).toContain('bind a KV namespace as PAYLOAD_CACHE');
  });
});

describe('a registry other than the one of the store', () => {
  const wrangler = `{
  // The site.
  "name": "site",
  "main": ".open-next/worker.js",
  "kv_namespaces": [{ "binding": "PAYLOAD_CACHE" }]
}
`;

  test('Durable Objects: the wrapper names them, the Worker exports their class, wrangler binds it', async () => {
    await writeFile(path.join(project.dir, 'wrangler.jsonc'), wrangler);
    const { exitCode, stdout } = await init(['--yes', '--registry', 'durable-object']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/registry +durable-object, bound as CACHE_TAGS/);
    const tree = await project.tree();
    expect(tree['src/payload-kv/index.ts']).toContain(
      "registry: durableObjectRegistry({ binding: 'CACHE_TAGS' }),",
    );
    expect(tree['worker.mjs']).toContain("export * from './.open-next/worker.js';");
    expect(tree['wrangler.jsonc']).toContain('"main": "worker.mjs"');
    expect(tree['wrangler.jsonc']).toContain('// The site.');
    expect(tree['wrangler.jsonc']).toContain('"class_name": "CacheTagRegistry"');

    const again = await init([]);
    expect(again.stdout).toContain('Everything is in place: nothing to change.');
    expect(await project.tree()).toEqual(tree);
  });

  test('a wrangler config that wrangler would not take is told', async () => {
    await project.remove();
    project = await createProject({
      'package.json': '{ "workspaces": ["site"] }',
      'wrangler.json': '{}',
      'src/payload.config.ts': undefined,
      'site/package.json': '{ "dependencies": { "payload": "3.90.2" } }',
      'site/src/payload.config.ts': CONFIG,
      'site/wrangler.jsonc': wrangler,
    });
    const { stdout } = await init(['--yes']);
    expect(stdout).toContain('! wrangler itself takes ../wrangler.json rather than wrangler.jsonc.');
  });

  test('what is taken out by hand is put back, from what the wrapper says', async () => {
    await writeFile(path.join(project.dir, 'wrangler.jsonc'), wrangler);
    await init(['--yes', '--registry', 'durable-object']);
    const wired = await project.tree();
    await writeFile(path.join(project.dir, 'wrangler.jsonc'), wrangler);
    expect((await init(['--yes'])).exitCode).toBe(0);
    expect(await project.tree()).toEqual(wired);
  });

  test('a main module that cannot be edited leaves its line to the person', async () => {
    const built = wrangler.replace('.open-next/worker.js', 'dist/worker.js');
    await writeFile(path.join(project.dir, 'wrangler.jsonc'), built);
    const { exitCode, stdout } = await init(['--yes', '--registry', 'durable-object']);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('dist/worker.js is left to you.');
    expect(stdout).toContain("    export { CacheTagRegistry } from 'payload-kv/cloudflare';");
  });

  test('the database: the next step is its migration', async () => {
    const { exitCode, stdout } = await init(['--yes', '--registry', 'database']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('payload migrate:create');
    expect((await project.tree())['src/payload-kv/index.ts']).toContain('registry: databaseRegistry(),');
  });

  test('Redis: the client becomes a dependency, and the address is asked for', async () => {
    const { exitCode, stdout } = await init(['--yes', '--store', 'redis']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Set REDIS_URL');
    const tree = await project.tree();
    expect(tree['src/payload-kv/index.ts']).toContain('store: redis(),');
    expect(JSON.parse(tree['package.json'] ?? '').dependencies).toHaveProperty('ioredis');
  });

  test('the one of the store, named on purpose, changes nothing', async () => {
    expect((await init(['--yes', '--store', 'memory', '--registry', 'memory'])).exitCode).toBe(0);
    expect((await project.tree())['src/payload-kv/index.ts']).not.toContain('registry');
  });
});

describe('a second time', () => {
  test('finds everything in place and changes nothing', async () => {
    await init(['--yes']);
    const before = await project.tree();
    const { exitCode, stdout } = await init([]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Everything is in place: nothing to change.');
    expect(await project.tree()).toEqual(before);
  });

  test("puts back what is missing and keeps what is the user's", async () => {
    await init(['--yes']);
    const wired = await project.tree();
    const mine = `${wired['src/payload-kv/index.ts']}// mine\n`;
    await writeFile(path.join(project.dir, 'src/payload-kv/index.ts'), mine);
    await writeFile(path.join(project.dir, 'src/payload.config.ts'), CONFIG);
    expect((await init(['--yes'])).exitCode).toBe(0);
    expect(await project.tree()).toEqual({ ...wired, 'src/payload-kv/index.ts': mine });
  });

  test('changes the answers that flags name, each in its place, and nothing else', async () => {
    await writeFile(path.join(project.dir, 'wrangler.json'), '{\n  "name": "site"\n}\n');
    await init(['--yes', '--store', 'memory']);
    const file = path.join(project.dir, 'src/payload-kv/index.ts');
    const mine = (await project.tree())
      ['src/payload-kv/index.ts']!.replace("posts: { slices: ['slug'] },", 'posts: postsPolicy, // as agreed')
      .replace('\nexport const', '\nconst postsPolicy = {};\n\nexport const')
      // Without it no accounts may leave the process.
      .replace('import { memory', 'import { aesGCM, memory')
      .replace("  ttl: '5m'", "  encryption: aesGCM(),\n  ttl: '5m'");
    await writeFile(file, mine);
    const flags = [
      '--ttl',
      '1h',
      '--globals',
      'none',
      '--collections',
      'posts,users',
      '--store',
      'cloudflare-kv',
    ];
    expect((await init(['--yes', ...flags])).exitCode).toBe(0);
    const tree = await project.tree();
    expect(tree['src/payload-kv/index.ts']).toBe(
      mine
        .replace('import { aesGCM, memory, payloadKV }', 'import { aesGCM, payloadKV }')
        .replace("'payload-kv';\n", "'payload-kv';\nimport { cloudflareKV } from 'payload-kv/cloudflare';\n")
        .replace('memory()', "cloudflareKV({ binding: 'PAYLOAD_CACHE' })")
        .replace("ttl: '5m'", "ttl: '1h'")
        .replace('    pages: {},\n', '')
        .replace('// as agreed\n', "// as agreed\n    users: { allowAuth: 'without-secrets' },\n")
        .replace(/globals: \{[^}]*\},\n {2}\}/, 'globals: {}'),
    );
    expect(tree['wrangler.json']).toContain('"binding": "PAYLOAD_CACHE"');
    expect((await init(['--yes', ...flags])).stdout).toContain('nothing to change');

    const refused = await init(['--yes', '--ttl-for', 'posts=10m']);
    expect(refused.exitCode).toBe(1);
    expect(refused.stdout).toContain('`posts` has no entry that is an object literal.');
    expect((await init(['--yes', '--ttl-for', 'pages=10m'])).stderr).toContain('not among what is cached');
  });

  test('writes the wrapper anew where it is gone and the config still uses it', async () => {
    await init(['--yes']);
    const wired = await project.tree();
    await rm(path.join(project.dir, 'src/payload-kv/index.ts'));
    expect((await init(['--yes'])).exitCode).toBe(0);
    expect(await project.tree()).toEqual(wired);
  });
});

describe('where imports of the package would find a directory `payload-kv` of the project instead', () => {
  test.each([
    ['baseUrl', { baseUrl: '.' }],
    ['a path *', { paths: { '*': ['./*'] } }],
  ])('by %s, the files go elsewhere, and all commands find them there', async (_by, compilerOptions) => {
    await project.remove();
    project = await createProject({
      'tsconfig.json': JSON.stringify({ compilerOptions }),
      'src/payload.config.ts': undefined,
      'payload.config.ts': CONFIG.replace("'./db'", "'./src/db'"),
    });
    expect((await init(['--yes'])).exitCode).toBe(0);
    const written = await project.tree();
    expect(Object.keys(written).filter((name) => name.startsWith('payload-kv'))).toEqual([
      'payload-kv-cache/hooks.ts',
      'payload-kv-cache/index.ts',
      'payload-kv-cache/schema.generated.ts',
      'payload-kv-cache/',
    ]);
    expect(written['payload.config.ts']).toContain("from './payload-kv-cache/index'");
    expect((await init([])).stdout).toContain('Everything is in place');
    expect((await command(['sync', '--check', '--cwd', project.dir])).exitCode).toBe(0);
  });
});

describe('an edit that cannot be made safely', () => {
  test('is left to the person with the lines to paste; the rest is written, and the exit code tells', async () => {
    const config = CONFIG.replace('  db,\n', '  db,\n  plugins: getPlugins(),\n').replace(
      "'./db';\n",
      "'./db';\nimport { getPlugins } from 'company-plugins';\n",
    );
    await writeFile(path.join(project.dir, 'src/payload.config.ts'), config);
    const { exitCode, stdout } = await init(['--yes']);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('src/payload.config.ts:13 is left to you.');
    expect(stdout).toContain('    plugins: [...(getPlugins() ?? []), cache]');
    const tree = await project.tree();
    expect(tree['src/payload.config.ts']).toBe(config);
    expect(tree['src/payload-kv/index.ts']).toBeDefined();
  });
});

describe('with git', () => {
  test('a clean project is written to without a question', async () => {
    await commitAll(project.dir);
    expect((await init(['--yes'])).exitCode).toBe(0);
  });

  test('uncommitted changes are an error, unless forced; a dry run does not mind', async () => {
    await commitAll(project.dir);
    await writeFile(path.join(project.dir, 'new.txt'), '');
    const before = await project.tree();
    const { exitCode, stderr } = await init(['--yes']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('1 file of the project is not committed: new.txt. [UNCOMMITTED_CHANGES]');
    expect((await init(['--dry-run'])).exitCode).toBe(0);
    expect(await project.tree()).toEqual(before);
    expect((await init(['--yes', '--force'])).exitCode).toBe(0);
  });

  test('changes elsewhere in the repository do not matter', async () => {
    await project.remove();
    project = await createProject({
      'package.json': '{}',
      'src/payload.config.ts': undefined,
      'site/package.json': '{ "dependencies": { "payload": "3.90.2" } }',
      'site/src/payload.config.ts': CONFIG,
    });
    await commitAll(project.dir);
    await writeFile(path.join(project.dir, 'elsewhere.txt'), '');
    const args = ['init', '--yes', '--no-install', '--cwd', path.join(project.dir, 'site')];
    expect((await command(args)).exitCode).toBe(0);
  });
});

test('the last step says how everything is taken back, with the package manager of the project', async () => {
  expect((await init(['--yes'])).stdout).toMatch(
    / {2}→ npx payload-kv remove {3}\(takes all of it back\)\n$/,
  );
  await writeFile(path.join(project.dir, 'pnpm-lock.yaml'), '');
  await removeDirectory(path.join(project.dir, 'src/payload-kv'));
  expect((await init(['--yes'])).stdout).toContain('→ pnpm exec payload-kv remove');
});

describe('--json', () => {
  test('prints one document, with the plan that was applied', async () => {
    const { exitCode, stdout } = await init(['--yes', '--json']);
    expect(exitCode).toBe(0);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({
      command: 'init',
      ok: true,
      written: true,
      answers: { store: 'memory', ttl: '5m' },
      install: { command: 'npm install', ok: null },
      refusals: [],
    });
    const tree = await project.tree();
    for (const { path: file, content } of document.changes) expect(tree[file]).toBe(content);
    expect(document.changes.map((it: { path: string }) => it.path)).toEqual([
      'package.json',
      'src/payload-kv/hooks.ts',
      'src/payload-kv/index.ts',
      'src/payload-kv/schema.generated.ts',
      'src/payload.config.ts',
    ]);
  });

  test('a dry run prints the very plan that a real run applies', async () => {
    const dry = JSON.parse((await init(['--dry-run', '--json'])).stdout);
    const real = JSON.parse((await init(['--yes', '--json'])).stdout);
    expect(dry.changes).toEqual(real.changes);
    expect([dry.written, real.written]).toEqual([false, true]);
  });
});

describe('at a terminal', () => {
  const answers = [['posts', 'pages'], ['header'], '10m', ['pages'], '1h', 'Cloudflare', 'CACHE'];

  test('asks, shows the diff, asks again and writes', async () => {
    const { exitCode, stdout } = await init([], [...answers, true]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('not offered: users, has auth');
    const text = (await project.tree())['src/payload-kv/index.ts'];
    expect(text).toContain("cloudflareKV({ binding: 'CACHE' })");
    expect(text).toContain("ttl: '10m',");
    expect(text).toContain("pages: { ttl: '1h' },");
  });

  test('on Cloudflare it asks how soon a write is to be seen', async () => {
    await writeFile(path.join(project.dir, 'wrangler.json'), '{ "name": "site", "main": "worker.mjs" }\n');
    await writeFile(path.join(project.dir, 'worker.mjs'), 'export default {};\n');
    expect((await init([], [...answers, 'At once', true])).exitCode).toBe(0);
    const tree = await project.tree();
    expect(tree['src/payload-kv/index.ts']).toContain('durableObjectRegistry');
    expect(tree['worker.mjs']).toContain('export { CacheTagRegistry }');
  });

  test('with --yes it asks nothing, and says what it answers itself', async () => {
    const { exitCode, stdout } = await init(['--yes'], []);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ {2}cached {4}pages, posts, header, for 5m$/m);
    expect(stdout).not.toContain('? ');
  });

  test('a flag spares its question', async () => {
    const flags = ['--globals', 'none', '--ttl', '2m', '--store', 'memory'];
    const { exitCode } = await init(flags, [['posts'], ['posts'], '1h', true]);
    expect(exitCode).toBe(0);
    const text = (await project.tree())['src/payload-kv/index.ts'];
    expect(text).toContain("posts: { ttl: '1h', slices: ['slug'] },");
    expect(text).toContain("ttl: '2m',");
  });

  test.each(answers.map((_, index) => index))(
    'Ctrl-C at question %d ends it and nothing is written',
    async (index) => {
      const before = await project.tree();
      const { exitCode, stderr } = await init([], [...answers.slice(0, index), CTRL_C]);
      expect(exitCode).toBe(130);
      expect(stderr).toContain('Cancelled. Nothing was written.');
      expect(await project.tree()).toEqual(before);
    },
  );

  test('a second time it offers to change the answers, with those of now', async () => {
    await init([], [...answers, true]);
    const before = await project.tree();
    expect((await init([], [false])).stdout).toContain('Everything is in place');
    expect(await project.tree()).toEqual(before);
    const others = [true, ['posts'], ['header'], '10m', [], 'Cloudflare', 'CACHE', true];
    expect((await init([], others)).exitCode).toBe(0);
    const after = await project.tree();
    const wrapper = 'src/payload-kv/index.ts';
    expect(after[wrapper]).toBe(before[wrapper]!.replace("    pages: { ttl: '1h' },\n", ''));
  });

  test('a no to the diff writes nothing', async () => {
    const before = await project.tree();
    const { exitCode, stdout } = await init([], [...answers, false]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Nothing was written.');
    expect(await project.tree()).toEqual(before);
  });

  test('uncommitted changes are asked about first', async () => {
    await commitAll(project.dir);
    await writeFile(path.join(project.dir, 'new.txt'), '');
    const before = await project.tree();
    const { exitCode } = await init([], [false]);
    expect(exitCode).toBe(130);
    expect(await project.tree()).toEqual(before);
  });
});

describe('colour', () => {
  const colour = '\u001b[';
  const shown = (env: NodeJS.ProcessEnv, terminal: boolean) =>
    command(['init', '--dry-run', '--yes', '--cwd', project.dir], { env, terminal });

  test('is for terminals, and for those who want it', async () => {
    expect((await shown({}, true)).stdout).toContain(colour);
    expect((await shown({}, false)).stdout).not.toContain(colour);
    expect((await shown({ NO_COLOR: '1' }, true)).stdout).not.toContain(colour);
    expect((await shown({ FORCE_COLOR: '1' }, false)).stdout).toContain(colour);
  });

  test('a slug cannot bring its own', async () => {
    await writeFile(
      path.join(project.dir, 'src/payload.config.ts'),
      CONFIG.replace("'pages'", "'\\u001b[31mpages\\u001b[2J'"),
    );
    const { exitCode, stdout } = await shown({}, false);
    expect(exitCode).toBe(0);
    expect(stdout).not.toContain('\u001b');
  });
});
