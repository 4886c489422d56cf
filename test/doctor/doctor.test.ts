import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Miniflare } from 'miniflare';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CheckReport } from '../../src/doctor/check.js';
import { checks } from '../../src/doctor/checks.js';
import { type DoctorContext, doctorContext } from '../../src/doctor/context.js';
import { runChecks } from '../../src/doctor/run-checks.js';
import { inspectProject } from '../../src/inspect/project.js';
import { runCli } from '../support/cli.js';
import { freePort } from '../support/free-port.js';
import { copyFixture, type FixtureName, type ProjectCopy } from '../support/project.js';
import { hasRedis, startRedis } from '../support/redis.js';
import { removeDirectory } from '../support/remove-directory.js';

const WRAPPER = 'src/payload-kv/index.ts';
const SCHEMA = 'src/payload-kv/schema.generated.ts';
const CONFIG = 'src/payload.config.ts';

/** A copy of a fixture after `init`, put back as it was after each test. */
function scaffolded(name: FixtureName) {
  let copy: ProjectCopy;
  const kept = new Map<string, string | undefined>();
  const absolute = (file: string) => path.join(copy.dir, file);
  const textOf = (file: string) => readFile(absolute(file), 'utf8').catch(() => undefined);

  beforeAll(async () => {
    copy = await copyFixture(name);
    const init = await runCli(['init', '--yes', '--no-install'], { cwd: copy.dir });
    expect(init.exitCode, init.stderr).toBe(0);
  });
  afterEach(async () => {
    for (const [file, text] of kept) {
      if (text === undefined) await rm(absolute(file), { force: true });
      else await writeFile(absolute(file), text);
    }
    kept.clear();
  });
  afterAll(() => copy?.remove());

  async function keep(file: string) {
    if (!kept.has(file)) kept.set(file, await textOf(file));
  }
  return {
    get dir() {
      return copy.dir;
    },
    read: (file: string) => copy.read(file),
    async replace(file: string, search: string | RegExp, replacement: string) {
      await keep(file);
      await copy.replace(file, search, replacement);
    },
    async write(file: string, text: string) {
      await keep(file);
      await copy.write(file, text);
    },
    async remove(file: string) {
      await keep(file);
      await rm(absolute(file));
    },
    /** All checks but those that start wrangler or ask a server, in this process. */
    async diagnose(change: (context: DoctorContext) => Partial<DoctorContext> = () => ({})) {
      const context = await doctorContext(inspectProject({ cwd: copy.dir }));
      const reports = await runChecks(
        checks.filter(({ reaches }) => !reaches),
        { ...context, ...change(context) },
      );
      return new Map(reports.map((report) => [report.id, report]));
    },
  };
}

/** Ids of the checks that did not end well. */
function troubles(reports: Map<string, CheckReport>): string[] {
  return [...reports.values()]
    .filter(({ status }) => status !== 'ok')
    .map(({ id, status }) => `${id}: ${status}`);
}

/** The line of the wrapper that holds the text. */
async function lineOf(
  project: { read(file: string): Promise<string> },
  file: string,
  text: string,
): Promise<number> {
  const lines = (await project.read(file)).split('\n');
  const index = lines.findIndex((line) => line.includes(text));
  expect(index, `${text} is in ${file}`).not.toBe(-1);
  return index + 1;
}

describe('doctor on the blog, whose entries live in memory', () => {
  const blog = scaffolded('blog');

  test('finds everything in order after init, and says what it looked at', async () => {
    const { stdout, stderr, exitCode } = await runCli(['doctor'], { cwd: blog.dir });
    expect(stderr).toBe('');
    expect(stdout.split('\n').map((line) => line.split(':')[0])).toEqual([
      '✓ Versions of Payload and Node',
      '✓ One Payload in the tree',
      '✓ Package payload-kv',
      '✓ Payload config',
      '✓ Place among the plugins',
      '✓ Generated files',
      '✓ Generated schema is unedited',
      '✓ Generated schema is in step',
      '✓ Policy',
      '✓ Auth collections',
      '✓ TTLs',
      '✓ Round trip through the store',
      '',
      '12 checks',
      '',
    ]);
    expect(stdout).toContain('put, get, list and delete in memory');
    expect(stdout).toContain('cached without secrets: `users`');
    expect(exitCode).toBe(0);
  });

  test('prints one JSON document with --json', async () => {
    const { stdout, exitCode } = await runCli(['doctor', '--json'], { cwd: blog.dir });
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ command: 'doctor', ok: true });
    expect(document.checks).toHaveLength(12);
    expect(exitCode).toBe(0);
  });

  test('ends with 1 where a check failed, with the fix below it', async () => {
    await blog.remove(SCHEMA);
    const { stdout, exitCode } = await runCli(['doctor'], { cwd: blog.dir });
    expect(stdout).toContain(`✗ Generated files: ${SCHEMA} is missing\n  → Run: npx payload-kv sync\n`);
    expect(stdout).toContain('1 failure');
    expect(exitCode).toBe(1);
  });

  test('ends with 2 where there is no project to check', async () => {
    await blog.write('empty/package.json', '{}');
    const { stdout, stderr, exitCode } = await runCli(['doctor', '--config', 'no-such.config.ts'], {
      cwd: blog.dir,
    });
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('no-such.config.ts');
    const json = await runCli(['doctor', '--config', 'no-such.config.ts', '--json'], { cwd: blog.dir });
    expect(json.exitCode).toBe(2);
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, error: { code: expect.any(String) } });
  });

  describe('config', () => {
    test('in which the element is missing', async () => {
      await blog.replace(CONFIG, /^\s*plugins: \[cache\],\n/m, '');
      const reports = await blog.diagnose();
      expect(troubles(reports)).toEqual(['config: fail']);
      expect(reports.get('config')).toMatchObject({
        summary: `${CONFIG} imports the cache, but \`plugins\` does not have it`,
        fix: 'Run: npx payload-kv init',
      });
    });

    test('in which nothing can be inserted: the lines to paste', async () => {
      await blog.replace(CONFIG, /^import .*payload-kv.*\n/m, "import { plugins } from 'some-plugins';\n");
      await blog.replace(CONFIG, 'plugins: [cache]', 'plugins: plugins()');
      const { fix, status } = (await blog.diagnose()).get('config')!;
      expect(status).toBe('fail');
      expect(fix).toContain("import { cache } from './payload-kv/index';");
      expect(fix).toMatch(/plugins: \[.*cache\]/);
    });

    test('with the cache twice', async () => {
      await blog.replace(CONFIG, 'plugins: [cache]', 'plugins: [cache, cache]');
      const reports = await blog.diagnose();
      expect(troubles(reports)).toEqual(['config: fail']);
      const line = await lineOf(blog, CONFIG, 'plugins:');
      expect(reports.get('config')?.summary).toContain('uses the cache 2 times');
      expect(reports.get('config')?.fix).toBe(
        `Leave one of them in \`plugins\`; the first is at ${CONFIG}:${line}.`,
      );
    });
  });

  test('a plugin that the config calls as if it were a function of an env', async () => {
    await blog.replace(CONFIG, 'plugins: [cache]', 'plugins: [cache(process.env as never)]');
    const line = await lineOf(blog, CONFIG, 'plugins: [cache');
    expect((await blog.diagnose()).get('config')).toMatchObject({
      status: 'fail',
      summary: `${CONFIG}:${line} calls \`cache\`, which is the plugin itself`,
      fix: 'Write there: cache',
    });
  });

  describe('generated files', () => {
    test('without the wrapper', async () => {
      await blog.remove(WRAPPER);
      const reports = await blog.diagnose();
      expect(reports.get('generated-files')).toMatchObject({
        status: 'fail',
        summary: `${WRAPPER} is missing`,
        fix: 'Run: npx payload-kv init',
      });
      // What the wrapper would have told is not reported as fine.
      expect([...reports.keys()]).not.toContain('policy');
      expect([...reports.keys()]).not.toContain('ttl');
    });

    test('without the hooks that the wrapper imports', async () => {
      await blog.remove('src/payload-kv/hooks.ts');
      const line = await lineOf(blog, WRAPPER, './hooks');
      expect((await blog.diagnose()).get('generated-files')).toMatchObject({
        status: 'fail',
        summary: `src/payload-kv/hooks.ts is missing, and ${WRAPPER}:${line} imports it`,
        fix: `Restore it from version control, or remove the import and \`hooks\` from ${WRAPPER}.`,
      });
    });

    test('with a wrapper that no longer calls payloadKV', async () => {
      await blog.write(WRAPPER, 'export const cache = (config: unknown) => config;\n');
      expect((await blog.diagnose()).get('generated-files')).toMatchObject({
        status: 'fail',
        summary: `${WRAPPER} does not call \`payloadKV\``,
        fix: expect.stringContaining('Export `payloadKV({ … })`'),
      });
    });

    test('with a schema changed by hand', async () => {
      await blog.replace(SCHEMA, "'en'", "'fr'");
      expect((await blog.diagnose()).get('generated-unedited')).toMatchObject({
        status: 'warn',
        fix: `Keep changes of your own in ${WRAPPER}, then write the file anew: npx payload-kv sync --force`,
      });
    });

    test('with a schema that is no data any more', async () => {
      await blog.write(SCHEMA, 'export const schema = load();\n');
      expect((await blog.diagnose()).get('generated-unedited')).toMatchObject({
        status: 'fail',
        summary: expect.stringContaining(`${SCHEMA}:1: `),
        fix: expect.stringContaining('payload-kv sync --force'),
      });
    });
  });

  test('says what changed in the schema since the last sync', async () => {
    await blog.replace(
      'src/collections/Tags.ts',
      'fields: [',
      "fields: [{ name: 'icon', type: 'upload', relationTo: 'media' }, ",
    );
    const report = (await blog.diagnose()).get('schema-in-step');
    expect(report).toMatchObject({ status: 'fail', fix: 'Run: npx payload-kv sync' });
    expect(report?.details).toContain('relation `tags.icon` to `media` was added');
  });

  test('does not call a schema in step that it cannot read in full', async () => {
    await blog.replace(CONFIG, 'collections: [Posts,', 'collections: [...moreCollections(), Posts,');
    await blog.replace(
      CONFIG,
      'const dirname',
      "import { moreCollections } from 'some-package';\nconst dirname",
    );
    const report = (await blog.diagnose()).get('schema-in-step');
    expect(report?.status).toBe('warn');
    expect(report?.details?.join('\n')).toContain('collections');
    expect(report?.fix).toContain('npx payload generate:types');
  });

  describe('policy', () => {
    test('that names a collection which is not there', async () => {
      await blog.replace(WRAPPER, /^(\s*)posts: \{/m, '    articles: {},\n    posts: {');
      const line = await lineOf(blog, WRAPPER, 'articles');
      expect((await blog.diagnose()).get('policy')).toMatchObject({
        status: 'fail',
        summary: `${WRAPPER}:${line}: there is no collection \`articles\``,
        fix: `Remove \`articles\` at ${WRAPPER}:${line}, or name one of the collections that exist: authors, categories, media, posts, tags, users.`,
      });
    });

    test('that names a global which is not there', async () => {
      await blog.replace(WRAPPER, 'header:', 'footer:');
      expect((await blog.diagnose()).get('policy')).toMatchObject({
        status: 'fail',
        summary: expect.stringContaining('there is no global `footer`'),
        fix: expect.stringContaining('header, site-settings'),
      });
    });

    test('that names a collection internal to Payload', async () => {
      await blog.replace(WRAPPER, /^(\s*)posts: \{/m, "    'payload-jobs': {},\n    posts: {");
      expect((await blog.diagnose()).get('policy')).toMatchObject({
        status: 'fail',
        summary: expect.stringContaining('`payload-jobs` is internal'),
        fix: expect.stringContaining('Remove `payload-jobs`'),
      });
    });

    test('that slices by a field which is not there', async () => {
      await blog.replace(WRAPPER, "'slug'", "'permalink'");
      expect((await blog.diagnose()).get('policy')).toMatchObject({
        status: 'fail',
        summary: expect.stringContaining('has no field `permalink`'),
        fix: expect.stringContaining("Remove 'permalink' from the slices"),
      });
    });

    test('with a name that is no option', async () => {
      await blog.replace(WRAPPER, "ttl: '5m'", "tll: '5m'");
      await blog.replace(WRAPPER, 'authors: {}', 'authors: { slice: [] }');
      const [line, inner] = [await lineOf(blog, WRAPPER, 'tll'), await lineOf(blog, WRAPPER, 'slice:')];
      expect((await blog.diagnose()).get('policy')).toMatchObject({
        status: 'fail',
        summary: `${WRAPPER}:${line}: \`tll\` is no option`,
        details: [`${WRAPPER}:${inner}: \`collections.authors.slice\` is no option`],
      });
    });

    test('that is switched off altogether is a warning', async () => {
      await blog.replace(WRAPPER, "ttl: '5m'", 'enabled: false');
      const line = await lineOf(blog, WRAPPER, 'enabled');
      expect((await blog.diagnose()).get('policy')).toMatchObject({
        status: 'warn',
        summary: `the whole cache is off: \`enabled: false\` at ${WRAPPER}:${line}`,
      });
    });

    test('that is not written out is not called fine', async () => {
      await blog.replace(WRAPPER, /^(\s*)posts: \{/m, '    ...policies,\n    posts: {');
      const reports = await blog.diagnose();
      expect(reports.get('policy')).toMatchObject({
        status: 'warn',
        details: [expect.stringContaining('...policies')],
      });
      expect(reports.get('auth')?.status).toBe('warn');
    });
  });

  describe('auth', () => {
    // As init proposes it, since authors show them.
    const USERS = "users: { allowAuth: 'without-secrets' }";

    test('named without allowAuth', async () => {
      await blog.replace(WRAPPER, USERS, 'users: {}');
      const line = await lineOf(blog, WRAPPER, 'users');
      expect((await blog.diagnose()).get('auth')).toMatchObject({
        status: 'fail',
        fix: `Remove \`users\` at ${WRAPPER}:${line}; or, if users are to be cached without their secrets, write \`users: { allowAuth: 'without-secrets' }\`.`,
      });
    });

    test('cached without secrets is fine, also outside of the process', async () => {
      const { status, summary } = (await blog.diagnose()).get('auth') ?? {};
      expect(status).toBe('ok');
      expect(summary).toContain('cached without secrets: `users`');
      await blog.replace(WRAPPER, 'store: memory()', 'store: redis()');
      await blog.replace(WRAPPER, /^/, "import { redis } from 'payload-kv/redis';\n");
      expect((await blog.diagnose()).get('auth')).toMatchObject({ status: 'ok' });
    });

    test('cached on purpose is a warning', async () => {
      await blog.replace(WRAPPER, USERS, 'users: { allowAuth: true }');
      const reports = await blog.diagnose();
      expect(troubles(reports)).toEqual(['auth: warn']);
      expect(reports.get('auth')?.summary).toContain('cached on purpose: `users`');
    });

    test('outside of the process without encryption fails, as the plugin does', async () => {
      await blog.replace(WRAPPER, USERS, 'users: { allowAuth: true }');
      await blog.replace(WRAPPER, 'store: memory()', 'store: redis()');
      await blog.replace(WRAPPER, /^/, "import { redis } from 'payload-kv/redis';\n");
      const line = await lineOf(blog, WRAPPER, 'users');
      expect((await blog.diagnose()).get('auth')).toMatchObject({
        status: 'fail',
        summary: expect.stringContaining(`\`users\` at ${WRAPPER}:${line}`),
        fix: expect.stringContaining('encryption: aesGCM()'),
      });
      await blog.replace(WRAPPER, 'store: redis()', 'store: redis(), encryption: aesGCM()');
      expect((await blog.diagnose()).get('auth')).toMatchObject({
        status: 'warn',
        summary: expect.stringContaining('cached on purpose: `users`'),
        fix: expect.stringContaining('encrypted'),
      });
    });

    test('named and switched off is fine', async () => {
      await blog.replace(WRAPPER, USERS, 'users: { enabled: false }');
      expect((await blog.diagnose()).get('auth')?.status).toBe('ok');
    });

    test('not named is fine, and told', async () => {
      await blog.replace(WRAPPER, `${USERS},`, '');
      expect((await blog.diagnose()).get('auth')).toMatchObject({
        status: 'ok',
        summary: expect.stringContaining('users: not cached'),
      });
    });
  });

  test.each(["'5 minutes'", '0', '-1', '1.5'])('a TTL of %s is no duration', async (written) => {
    await blog.replace(WRAPPER, /ttl: '5m'/, `ttl: ${written}`);
    const line = await lineOf(blog, WRAPPER, 'ttl:');
    expect((await blog.diagnose()).get('ttl')).toMatchObject({
      status: 'fail',
      summary: `${WRAPPER}:${line}: ttl: ${written} is not a duration`,
      fix: expect.stringContaining(`at ${WRAPPER}:${line}.`),
    });
  });

  test('half a minute is fine in memory', async () => {
    await blog.replace(WRAPPER, /ttl: '5m'/, 'ttl: 30');
    expect((await blog.diagnose()).get('ttl')?.status).toBe('ok');
  });

  test('a store behind a server is not called checked, nor unknown', async () => {
    await blog.replace(
      WRAPPER,
      "from 'payload-kv';",
      "from 'payload-kv';\nimport { redis } from 'payload-kv/redis';",
    );
    await blog.replace(WRAPPER, 'memory()', 'redis({ client })');
    const { stdout } = await runCli(['doctor', '--json'], { cwd: blog.dir });
    const report = JSON.parse(stdout).checks.find(({ id }: CheckReport) => id === 'round-trip');
    expect(report).toMatchObject({
      status: 'warn',
      summary: 'not checked: only the site itself knows how to reach the server behind `redis({ client })`',
    });
  });

  describe('redis() without a client', () => {
    const roundTrip = async (url: string) => {
      await blog.replace(
        WRAPPER,
        "from 'payload-kv';",
        "from 'payload-kv';\nimport { redis } from 'payload-kv/redis';",
      );
      await blog.replace(WRAPPER, 'memory()', 'redis()');
      const { stdout } = await runCli(['doctor', '--json'], { cwd: blog.dir, env: { REDIS_URL: url } });
      expect(stdout).not.toContain('s3cret');
      return JSON.parse(stdout).checks.find(({ id }: CheckReport) => id === 'round-trip');
    };

    test('is not called checked where nothing says where it is', async () => {
      expect(await roundTrip('')).toMatchObject({
        status: 'warn',
        summary: 'not checked: REDIS_URL is not set where doctor runs',
      });
    });

    test('is told where nobody is', async () => {
      expect(await roundTrip(`redis://:s3cret@127.0.0.1:${await freePort()}`)).toMatchObject({
        status: 'fail',
        summary: expect.stringContaining('There is no connection to Redis: connect ECONNREFUSED'),
        fix: expect.stringContaining('Check that Redis runs'),
      });
    });

    test('is told where the address is none', async () => {
      expect(await roundTrip('s3cret')).toMatchObject({
        status: 'fail',
        summary: 'REDIS_URL is not the address of a Redis.',
        fix: expect.stringContaining('redis://user:password@host:6379/0'),
      });
    });

    test.runIf(hasRedis)('is checked by a round trip', async () => {
      const server = await startRedis();
      try {
        expect(await roundTrip(`redis://127.0.0.1:${server.port}`)).toMatchObject({
          status: 'ok',
          summary: 'put, get, list and delete through the Redis of REDIS_URL',
        });
        expect(await server.connect().dbsize()).toBe(0);
      } finally {
        await server.stop();
      }
    });
  });

  test('a store of the user is not called checked', async () => {
    await blog.replace(WRAPPER, 'store: memory()', 'store: myStore()');
    const { stdout } = await runCli(['doctor', '--json'], { cwd: blog.dir });
    const report = JSON.parse(stdout).checks.find(({ id }: CheckReport) => id === 'round-trip');
    expect(report).toMatchObject({ status: 'warn', summary: expect.stringContaining('myStore()') });
  });

  describe('versions', () => {
    const payload = (installed: string | undefined) => (context: DoctorContext) => ({
      project: { ...context.project, payloadVersion: { ...(installed ? { installed } : {}) } },
    });

    test('a Node that is too old', async () => {
      expect((await blog.diagnose(() => ({ nodeVersion: '18.20.4' }))).get('versions')).toMatchObject({
        status: 'fail',
        fix: expect.stringContaining('Install a Node >=20.9.0'),
      });
    });

    test('a Payload that is too old', async () => {
      expect((await blog.diagnose(payload('3.10.0'))).get('versions')).toMatchObject({
        status: 'fail',
        summary: expect.stringContaining('Payload 3.10.0 is not supported'),
        fix: expect.stringMatching(/Run: .*npm install --save-exact payload@3\.87\.1 @payloadcms\//),
      });
    });

    test('a Payload that is too new', async () => {
      expect((await blog.diagnose(payload('4.0.0-canary.12'))).get('versions')).toMatchObject({
        status: 'fail',
        fix: expect.stringContaining('stay with Payload 3'),
      });
    });

    test('no Payload at all', async () => {
      expect((await blog.diagnose(payload(undefined))).get('versions')).toMatchObject({
        status: 'fail',
        fix: 'Run: npm install',
      });
    });
  });

  test('a package.json without payload-kv', async () => {
    await blog.replace('package.json', /\s*"payload-kv": "[^"]*",?/, '');
    await blog.replace('package.json', /,(\s*\})/g, '}');
    expect((await blog.diagnose()).get('installed')).toMatchObject({
      status: 'warn',
      fix: 'Run: npm install payload-kv',
    });
    expect((await blog.diagnose(() => ({ findPackage: () => undefined }))).get('installed')).toMatchObject({
      status: 'fail',
      fix: 'Run: npm install payload-kv',
    });
  });
});

test('doctor on a project without the cache says to run init', async () => {
  const project = await copyFixture('blog');
  try {
    const { stdout, exitCode } = await runCli(['doctor'], { cwd: project.dir });
    expect(stdout).toContain(
      '✗ Payload config: src/payload.config.ts does not use the cache\n  → Run: npx payload-kv init\n',
    );
    expect(stdout).not.toContain('✓ Round trip');
    expect(exitCode).toBe(1);
  } finally {
    await project.remove();
  }
});

describe('doctor on the cloudflare project, whose entries live in KV', () => {
  const site = scaffolded('cloudflare');
  const WRANGLER = 'wrangler.jsonc';
  const TYPES = 'cloudflare-env.d.ts';
  const ENTRY = /\{\s*"binding": "PAYLOAD_CACHE",?\s*\},?/;
  const ENTRIES = new RegExp(ENTRY, 'g');
  let roundTrips: (options?: { env?: Record<string, string> }) => Promise<CheckReport>;

  beforeEach(() => {
    roundTrips = async (options = {}) => {
      const { stdout } = await runCli(['doctor', '--json'], { cwd: site.dir, ...options });
      return JSON.parse(stdout).checks.find(({ id }: CheckReport) => id === 'round-trip');
    };
  });

  test("finds everything in order after init, with a round trip through the project's own wrangler", async () => {
    const { stdout, stderr, exitCode } = await runCli(['doctor'], { cwd: site.dir });
    expect(stderr).toBe('');
    expect(stdout).not.toMatch(/^[!✗]/m);
    expect(stdout).toMatch(/✓ Round trip .*through PAYLOAD_CACHE, locally with wrangler 4\./);
    expect(stdout).toContain('17 checks: 17 ok');
    expect(exitCode).toBe(0);
    // A project that was never run here is left without local state.
    expect(existsSync(path.join(site.dir, '.wrangler'))).toBe(false);
  });

  test('a binding that is missing at the top level', async () => {
    await site.replace(WRANGLER, ENTRY, '');
    const report = (await site.diagnose()).get('wrangler-binding');
    expect(report).toMatchObject({
      status: 'fail',
      summary: `${WRANGLER} does not declare PAYLOAD_CACHE at the top level`,
    });
    expect(report?.fix).toBe('Run: npx payload-kv init');
    expect(await roundTrips()).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('gives no KV namespace PAYLOAD_CACHE'),
      details: ['it gives D1'],
      fix: 'Run: npx payload-kv init',
    });
  });

  test('a binding that is missing in an environment with bindings of its own', async () => {
    const text = await site.read(WRANGLER);
    const at = text.lastIndexOf('"binding": "PAYLOAD_CACHE"');
    await site.write(WRANGLER, `${text.slice(0, at)}"binding": "OTHER"${text.slice(at + 26)}`);
    const report = (await site.diagnose()).get('wrangler-binding');
    expect(report).toMatchObject({
      status: 'fail',
      summary: `${WRANGLER} does not declare PAYLOAD_CACHE in env.staging`,
      details: ['in env.staging there is OTHER'],
    });
    expect(report?.fix).toBe('Run: npx payload-kv init');
    const init = await runCli(['init', '--yes', '--no-install'], { cwd: site.dir });
    expect(init.exitCode).toBe(0);
    expect(troubles(await site.diagnose())).toEqual([]);
  });

  test('a binding that cannot be added safely: the lines to paste', async () => {
    await site.remove(WRANGLER);
    await site.write('wrangler.toml', 'name = "travel-pages"\n[vars]\nNOTE = """\nof several lines"""\n');
    expect((await site.diagnose()).get('wrangler-binding')).toMatchObject({
      status: 'fail',
      fix: 'Write into wrangler.toml:\n[[kv_namespaces]]\nbinding = "PAYLOAD_CACHE"',
    });
  });

  test.each(['<your-namespace-id>', 'KV_ID', '00000000000000000000000000000000'])(
    'the id %s is a placeholder',
    async (id) => {
      await site.replace(WRANGLER, ENTRY, `{ "binding": "PAYLOAD_CACHE", "id": "${id}" },`);
      expect((await site.diagnose()).get('wrangler-binding')).toMatchObject({
        status: 'fail',
        summary: `the id "${id}" of PAYLOAD_CACHE at the top level of ${WRANGLER} is a placeholder`,
        fix: 'Create the namespace and write its id there: npx wrangler kv namespace create PAYLOAD_CACHE',
      });
    },
  );

  test('a real id is fine', async () => {
    await site.replace(
      WRANGLER,
      ENTRY,
      '{ "binding": "PAYLOAD_CACHE", "id": "0f2ac74b498b48028cb68387c421e279" },',
    );
    expect(troubles(await site.diagnose())).toEqual([]);
  });

  test('two environments with one namespace and different databases', async () => {
    await site.replace(
      WRANGLER,
      ENTRIES,
      '{ "binding": "PAYLOAD_CACHE", "id": "0f2ac74b498b48028cb68387c421e279" },',
    );
    expect((await site.diagnose()).get('wrangler-binding')).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('the top level and env.staging share the namespace'),
      fix: expect.stringContaining('wrangler kv namespace create PAYLOAD_CACHE --env'),
    });
  });

  test('a wrangler that creates no namespaces, and no id', async () => {
    const reports = await site.diagnose((context) => ({
      findPackage: (name) =>
        name === 'wrangler' ? { dir: '/nowhere', version: '4.30.0' } : context.findPackage(name),
    }));
    expect(reports.get('wrangler-binding')).toMatchObject({
      status: 'fail',
      fix: expect.stringContaining('Update wrangler to 4.45.0 or newer'),
    });
  });

  test('no wrangler config', async () => {
    await site.remove(WRANGLER);
    const reports = await site.diagnose();
    expect(reports.get('wrangler-binding')).toMatchObject({
      status: 'fail',
      fix: expect.stringContaining('"kv_namespaces": [{ "binding": "PAYLOAD_CACHE" }]'),
    });
    expect(await roundTrips()).toMatchObject({
      status: 'warn',
      summary: expect.stringMatching(/^not checked/),
    });
  });

  test('another name in the wrangler config than in the code', async () => {
    await site.replace(WRANGLER, /"PAYLOAD_CACHE"/g, '"CACHE"');
    const line = await lineOf(site, WRAPPER, "binding: 'PAYLOAD_CACHE'");
    expect((await site.diagnose()).get('binding-names')).toMatchObject({
      status: 'fail',
      summary: `${WRAPPER}:${line} says PAYLOAD_CACHE, ${WRANGLER} says CACHE`,
      fix: `Write the same name in both, for example PAYLOAD_CACHE in ${WRANGLER}.`,
    });
  });

  test("a name that the project's types do not have", async () => {
    await site.replace(TYPES, /\s*PAYLOAD_CACHE: KVNamespace;/g, '');
    expect((await site.diagnose()).get('binding-names')).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining(`${TYPES} does not have it`),
      fix: 'Run: npx wrangler types --include-runtime=false --env-interface CloudflareEnv cloudflare-env.d.ts',
    });
  });

  test('a name that is of another type', async () => {
    await site.replace(TYPES, /PAYLOAD_CACHE: KVNamespace;/g, 'PAYLOAD_CACHE: R2Bucket;');
    expect((await site.diagnose()).get('binding-names')).toMatchObject({
      status: 'fail',
      summary: `PAYLOAD_CACHE is R2Bucket in ${TYPES}, not a KVNamespace`,
    });
  });

  test("a binding's name that is computed is not called checked", async () => {
    await site.replace(WRAPPER, "binding: 'PAYLOAD_CACHE'", 'binding: nameOf(env)');
    const reports = await site.diagnose();
    expect(reports.get('wrangler-binding')?.status).toBe('warn');
    expect(reports.get('binding-names')?.status).toBe('warn');
    expect((await roundTrips()).status).toBe('warn');
  });

  test('a TTL below what KV keeps', async () => {
    await site.replace(WRAPPER, /ttl: '5m'/, "ttl: '30s'");
    const line = await lineOf(site, WRAPPER, 'ttl:');
    expect((await site.diagnose()).get('ttl')).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining(`${WRAPPER}:${line}: ttl: '30s' is less than the 60 seconds`),
      fix: `Write '1m' or more at ${WRAPPER}:${line}.`,
    });
  });

  test('a wrangler that cannot start', async () => {
    await site.replace(WRANGLER, '"2026-03-01"', '"not a date"');
    expect(await roundTrips()).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('does not start'),
      fix: `Correct ${WRANGLER} until wrangler can start with it: npx wrangler dev`,
    });
  });

  test('a wrangler that will not take the config: why not', async () => {
    await site.replace(
      WRANGLER,
      '"d1_databases": [',
      '"r2_buckets": [{ "bindin": "R2" }],\n  "d1_databases": [',
    );
    expect(await roundTrips()).toMatchObject({
      status: 'fail',
      summary: expect.stringMatching(/does not start: .*r2_buckets/),
    });
  });

  test('a function of the env that the config does not call', async () => {
    await site.replace(CONFIG, 'cache(cloudflare.env)', 'cache');
    expect((await site.diagnose()).get('config')).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining(
        "has `cache`, a function of the Cloudflare env, in the plugin's place",
      ),
      fix: 'Write there: cache(cloudflare.env)',
    });
  });

  test("uses the project's local state where there is some, and leaves no entry in it", async () => {
    const state = path.join(site.dir, '.wrangler/state');
    await mkdir(state, { recursive: true });
    expect((await roundTrips()).status).toBe('ok');
    expect(await readdir(path.join(state, 'v3/kv'))).toContain('miniflare-KVNamespaceObject');
    const miniflare = new Miniflare({
      modules: true,
      script: 'export default {}',
      kvNamespaces: { PAYLOAD_CACHE: 'PAYLOAD_CACHE' },
      kvPersist: path.join(state, 'v3/kv'),
    });
    const { keys } = await (await miniflare.getKVNamespace('PAYLOAD_CACHE')).list();
    await miniflare.dispose();
    expect(keys).toEqual([]);
    await removeDirectory(path.join(site.dir, '.wrangler'));
  });

  test('without wrangler it goes through Miniflare, without either it is not called checked', async () => {
    await rm(path.join(site.dir, 'node_modules/wrangler'));
    expect(await roundTrips()).toMatchObject({
      status: 'ok',
      summary: expect.stringContaining('locally with Miniflare'),
    });
    await rm(path.join(site.dir, 'node_modules/miniflare'));
    expect(await roundTrips()).toMatchObject({ status: 'warn', fix: 'Run: npm install -D wrangler' });
  });
});
