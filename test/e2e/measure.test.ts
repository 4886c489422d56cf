import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type ExecaError, execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readTree } from '../cli/command.js';
import { runCli } from '../support/cli.js';
import { type PostgresServer, startPostgres } from '../support/postgres.js';
import { copyFixture, type ProjectCopy } from '../support/project.js';
import { repository } from '../support/repository.js';
import { typescript } from '../support/typescript-loader.js';

// Each of them starts Payload in a process of its own.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const SEED = `import config from '@payload-config';
import { getPayload } from 'payload';
import { seed } from './seed';

await seed(await getPayload({ config }), { posts: Number(process.env.POSTS) });
process.exit(0);
`;

/** Prints the tables of a database, with their rows. */
const CONTENT = `import pg from 'pg';
const client = new pg.Client({ connectionString: process.argv[1] });
await client.connect();
const { rows: tables } = await client.query(
  "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1",
);
for (const { name } of tables) {
  const { rows } = await client.query(\`SELECT to_json(t) AS row FROM "\${name}" t ORDER BY t::text\`);
  console.log(JSON.stringify(name), JSON.stringify(rows));
}
await client.end();`;

let project: ProjectCopy;
const file = (name: string) => path.join(project.dir, name);
const digest = async (name: string) =>
  createHash('sha256')
    .update(await readFile(file(name)))
    .digest('hex');
const env = (database: string) => ({ DATABASE_URI: `file:${file(database)}` });

async function fill(database: string, posts: number): Promise<void> {
  await execa(process.execPath, [...typescript, 'src/seed-run.ts'], {
    cwd: project.dir,
    env: { ...env(database), POSTS: String(posts), NODE_ENV: undefined, VITEST: undefined },
  });
}

async function measure(database: string, ...args: string[]) {
  const outcome = await runCli(['measure', '--json', ...args], { cwd: project.dir, env: env(database) });
  return { ...outcome, json: JSON.parse(outcome.stdout) };
}

beforeAll(async () => {
  project = await copyFixture('blog');
  await project.write('src/seed-run.ts', SEED);
  await fill('full.db', 12);
  await fill('empty.db', 0);
  await runCli(['init', '--yes', '--no-install', '--collections', 'posts,tags,categories'], {
    cwd: project.dir,
  });
});
afterAll(() => project?.remove());

describe('by the config', () => {
  test('it counts the calls of the database with the cache and without, and changes nothing', async () => {
    const [before, database] = [await readTree(project.dir), await digest('full.db')];
    const { exitCode, json, stdout } = await measure('full.db');
    expect(exitCode, stdout).toBe(0);
    expect(json).toMatchObject({ command: 'measure', ok: true, source: 'config' });
    const posts = json.collections.find(({ slug }: any) => slug === 'posts');
    const [find, findByID] = posts.queries;
    expect(find).toMatchObject({ query: 'find', documents: 10 });
    // Relations are populated: by the database too, where it is asked without the cache.
    expect(find.calls.without).toBeGreaterThan(3);
    expect(findByID.calls.without).toBeGreaterThan(3);
    // Authors and media are not cached here, and go on to be asked for.
    for (const { calls } of posts.queries) expect(calls.with).toBeLessThan(calls.without);
    expect(find.ms.with).toBeLessThan(find.ms.without);
    const tags = json.collections.find(({ slug }: any) => slug === 'tags');
    expect(tags.queries.map(({ calls }: any) => calls)).toEqual([
      { without: 1, with: 0 },
      { without: 1, with: 0 },
    ]);
    const others = json.collections.filter(({ status }: any) => status !== 'measured');
    expect(others).toEqual([
      { slug: 'authors', status: 'not-cached', reason: 'policy' },
      { slug: 'media', status: 'not-cached', reason: 'policy' },
      { slug: 'users', status: 'not-cached', reason: 'auth-collection' },
    ]);
    expect(stdout).not.toMatch(/Coast|post-0|example\.com/);
    expect(await digest('full.db')).toBe(database);
    expect(await readTree(project.dir)).toEqual(before);
  });

  test('what is empty is said, and a hook that writes is refused', async () => {
    const tags = await project.read('src/collections/Tags.ts');
    const hook = `hooks: {
    afterRead: [({ req }) => req.payload.create({ collection: 'tags', data: { name: String(Math.random()) } })],
  },
  fields: [`;
    await project.replace('src/collections/Tags.ts', 'fields: [', hook);
    const database = await digest('empty.db');
    const { json } = await measure('empty.db');
    const of = (name: string) => json.collections.find(({ slug }: any) => slug === name);
    expect(of('posts')).toEqual({ slug: 'posts', status: 'empty' });
    expect(of('tags')).toEqual({ slug: 'tags', status: 'failed', failure: 'writes' });
    expect(of('categories').status).toBe('measured');
    expect(await digest('empty.db')).toBe(database);
    await project.write('src/collections/Tags.ts', tags);
  });

  test('a database that is not there is not made', async () => {
    const { exitCode, json } = await measure('none.db');
    expect([exitCode, json.error.code, json.error.message]).toEqual([
      2,
      'MEASURE_NO_DATABASE',
      'There is no database yet: none.db does not exist.',
    ]);
    expect(existsSync(file('none.db'))).toBe(false);
  });
});

test('of a running site it compares first answers with the same asked again', async () => {
  const site = execa(process.execPath, [...typescript, 'src/server.ts'], {
    cwd: project.dir,
    env: { ...env('full.db'), PORT: '0', NODE_ENV: undefined, VITEST: undefined },
    reject: false,
  });
  try {
    const url = await new Promise<string>((resolve, reject) => {
      let said = '';
      site.stdout.on('data', (chunk) => {
        said += chunk;
        const [, origin] = /listening on (\S+)\/api/.exec(said) ?? [];
        if (origin) resolve(origin);
      });
      site.then((result) => reject(new Error(String((result as unknown as ExecaError).stderr))));
    });
    const { exitCode, json, stdout } = await measure('full.db', '--url', url);
    expect(exitCode, stdout).toBe(0);
    const statuses = Object.fromEntries(json.collections.map(({ slug, status }: any) => [slug, status]));
    expect(Object.keys(statuses).sort()).toEqual(['categories', 'posts', 'tags']);
    for (const { slug, status, httpStatus, queries } of json.collections) {
      if (status === 'measured') expect(queries[0].ms.without, slug).toBeGreaterThan(0);
      else expect([401, 403], slug).toContain(httpStatus);
    }
    expect(stdout).not.toMatch(/Coast|post-0|example\.com/);
  } finally {
    site.kill();
    await site;
  }
});

test('without the cache it says so', async () => {
  await runCli(['remove', '--yes', '--no-install'], { cwd: project.dir });
  const { exitCode, json } = await measure('full.db');
  expect([exitCode, json.error.code]).toEqual([2, 'MEASURE_NO_CACHE']);
});

describe('on PostgreSQL', () => {
  let server: PostgresServer;
  let site: ProjectCopy;
  const environment = (url: string) => ({ DATABASE_URI: url, NODE_ENV: undefined, VITEST: undefined });

  beforeAll(async () => {
    server = await startPostgres();
    site = await copyFixture('blog');
    await site.replace(
      'src/payload.config.ts',
      "{ sqliteAdapter } from '@payloadcms/db-sqlite'",
      "{ postgresAdapter } from '@payloadcms/db-postgres'",
    );
    await site.replace(
      'src/payload.config.ts',
      /db: sqliteAdapter[\s\S]*?\n {2}}\),/,
      'db: postgresAdapter({ pool: { connectionString: process.env.DATABASE_URI } }),',
    );
    await site.write('src/seed-run.ts', SEED);
    await runCli(['init', '--yes', '--no-install', '--collections', 'posts,tags'], { cwd: site.dir });
  });
  afterAll(async () => {
    await site?.remove();
    await server?.stop();
  });

  /** All tables, with what is in them. */
  async function contentOf(url: string): Promise<string> {
    const { stdout } = await execa(process.execPath, ['--input-type=module', '-e', CONTENT, url], {
      cwd: repository,
    });
    return stdout;
  }

  test('it counts, and neither creates nor changes anything', async () => {
    const [full, empty] = [await server.createDatabase(), await server.createDatabase()];
    await execa(process.execPath, [...typescript, 'src/seed-run.ts'], {
      cwd: site.dir,
      env: { ...environment(full), POSTS: '12' },
    });
    const before = await contentOf(full);
    expect(before).toContain('"posts"');
    const outcome = await runCli(['measure', '--json'], { cwd: site.dir, env: { DATABASE_URI: full } });
    const json = JSON.parse(outcome.stdout);
    expect(outcome.exitCode, outcome.stdout).toBe(0);
    for (const slug of ['posts', 'tags']) {
      const { queries } = json.collections.find((of: any) => of.slug === slug);
      for (const { calls } of queries) expect(calls.with).toBeLessThan(calls.without);
    }
    expect(await contentOf(full)).toBe(before);

    const nothing = await contentOf(empty);
    expect(nothing).not.toContain('"posts"');
    await runCli(['measure', '--json'], { cwd: site.dir, env: { DATABASE_URI: empty } });
    expect(await contentOf(empty)).toBe(nothing);
  });
});
