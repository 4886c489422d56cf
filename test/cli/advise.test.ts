import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { adviceLines } from '../../src/cli/advise/advice-lines.js';
import { advise } from '../../src/plan/advice/advise.js';
import type { Statistics } from '../../src/runtime/observe.js';
import { CONFIG, command, createProject, type Project } from './command.js';
import { SECRET, startObservedSite } from './observed-site.js';

const WRAPPER = 'src/payload-kv/index.ts';

/** A site on which `posts` run out too early, and `slug` of pages would be a slice. */
const hits = (count: number) =>
  Object.fromEntries(
    [60, 300, 900, 3600, 21_600, 86_400, 604_800].map((ttl) => [ttl, ttl > 300 ? count : 0]),
  );
const counts = (more: object) => ({
  ...{
    reads: 400,
    hits: 0,
    first: 10,
    expired: 0,
    written: 0,
    lost: 0,
    unchanged: 0,
    filled: 400,
    reused: 200,
  },
  ...{ writes: 0, measured: 400, databaseTime: 4000, hitsWith: hits(0) },
  ...more,
});
const query = (more: object) => ({
  ...{
    operation: 'find',
    shape: 'slug equals, limit 1',
    count: 300,
    error: 0,
    hits: 10,
    misses: 40,
    stale: 250,
  },
  ...{ unchanged: 240, bypasses: 0, equals: { slug: 16 }, measured: 290, databaseTime: 5, bytes: 900 },
  ...{ saved: { calls: 0, time: 0 } },
  ...more,
});
const statistics = {
  format: 1,
  since: 0,
  at: 7_200_000,
  scope: 'all',
  processes: 3,
  counts: { total: {} },
  latency: { store: { count: 0 } },
  policies: { posts: { cached: true, ttl: 300, slices: [] }, pages: { cached: true, ttl: 300, slices: [] } },
  hotQueries: [query({ name: 'pages' })],
  repeatedQueries: [
    {
      name: 'posts',
      operation: 'findOne',
      shape: 'id equals',
      requests: 10,
      most: 20,
      queries: 200,
      databaseTime: 400,
      place: 'src/hooks/author.ts:12',
    },
  ],
  reuse: { posts: counts({ expired: 390, hitsWith: hits(360) }), pages: counts({ hits: 10 }) },
  near: null,
  store: { name: 'redis', shared: true, breaker: 'closed' },
} as unknown as Statistics;

describe('advise', () => {
  let project: Project;
  const absolute = (file: string) => path.join(project.dir, file);
  const run = (...args: string[]) =>
    command(['advise', '--cwd', project.dir, '--from', 'stats.json', ...args]);
  beforeEach(async () => {
    project = await createProject();
    await writeFile(absolute('src/payload.config.ts'), CONFIG);
    await command(['init', '--yes', '--no-install', '--cwd', project.dir]);
    await writeFile(absolute('stats.json'), JSON.stringify({ command: 'stats', ok: true, statistics }));
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await project.remove();
  });

  test('says what could be better, by which numbers, and what is expected of it', async () => {
    const before = await project.tree();
    const { exitCode, stdout } = await run();
    expect(exitCode).toBe(0);
    expect(stdout).toContain('From 800 reads in 2 hours, of 3 processes.');
    expect(stdout).toMatch(/^posts {2}ttl\n {2}ttl 5m → ttl 15m$/m);
    expect(stdout).toContain(
      '+ 360 hits more; 360 queries fewer, 3,600 ms of the database; 360 entries\n  fewer written',
    );
    expect(stdout).toContain('up to 20 times in one request, at\n  src/hooks/author.ts:12');
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(await project.tree()).toEqual(before);
  });

  test('writes it by the same diff and question as init, and takes it back with the rest', async () => {
    const shown = await run('--apply', '--dry-run');
    expect(shown.stdout).toContain('Dry run: nothing was written.');
    expect(shown.stdout).toMatch(/^\+ {4}posts: \{ .*ttl: '15m'/m);
    const asked = await run('--apply');
    expect([asked.exitCode, asked.stderr]).toEqual([2, expect.stringContaining('Add --yes to write it.')]);
    const { exitCode } = await run('--apply', '--yes', '--only', 'ttl');
    expect(exitCode).toBe(0);
    expect(await readFile(absolute(WRAPPER), 'utf8')).toMatch(/posts: \{ .*ttl: '15m'/);
    const removed = await command(['remove', '--yes', '--no-install', '--cwd', project.dir]);
    expect(removed.exitCode).toBe(0);
    expect(await project.tree()).not.toHaveProperty(WRAPPER);
  });

  test('a collection that the project does not have is never written', async () => {
    const foreign = {
      ...statistics,
      policies: { "x'(": { cached: true, ttl: 300 } },
      reuse: { "x'(": statistics.reuse.posts },
      hotQueries: [],
    };
    await writeFile(absolute('stats.json'), JSON.stringify(foreign));
    const { stdout } = await run('--apply', '--yes');
    expect(stdout).toContain('Nothing to write.');
  });

  test('what holds no statistics is refused', async () => {
    for (const text of [
      'nonsense',
      '{}',
      JSON.stringify({ ...statistics, reuse: { posts: { reads: '1' } } }),
    ]) {
      await writeFile(absolute('stats.json'), text);
      const { exitCode, stderr } = await run();
      expect([exitCode, stderr]).toEqual([2, expect.stringContaining('[STATISTICS_UNREADABLE]')]);
    }
    const unknown = await run('--only', 'magic');
    expect([unknown.exitCode, unknown.stderr]).toEqual([2, expect.stringContaining('Allowed choices')]);
  });

  test('asks a running site', async () => {
    const site = await startObservedSite();
    try {
      vi.stubEnv('PAYLOAD_SECRET', SECRET);
      for (let visits = 0; visits < 2; visits++) await site.visit('/api/posts?limit=3');
      const { exitCode, stdout } = await command([
        'advise',
        '--cwd',
        project.dir,
        '--url',
        site.url,
        '--json',
      ]);
      expect(exitCode).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        command: 'advise',
        ok: true,
        from: `${site.url}/api`,
        advice: [],
      });
    } finally {
      await site.stop();
    }
  });
});

test('what a site says moves no cursor', () => {
  const hostile = {
    ...statistics,
    repeatedQueries: [{ ...statistics.repeatedQueries[0]!, name: 'x\u001b[2J\n! y', place: '\u202eexe' }],
  };
  const text = adviceLines(advise(hostile), hostile).join('\n');
  for (const harm of ['\u001b[2J', '\n! y', '\u202e']) expect(text).not.toContain(harm);
});
