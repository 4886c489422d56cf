import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
  vi,
} from 'vitest';
import type { Statistics } from '../../src/runtime/observe/snapshot.js';
import { command } from './command.js';
import { type ObservedSite, SECRET, startObservedSite } from './observed-site.js';

let site: ObservedSite;
beforeAll(async () => {
  site = await startObservedSite();
  for (let visits = 0; visits < 3; visits++) {
    await site.visit('/api/posts?limit=3');
    await site.visit('/api/globals/header');
  }
});
afterAll(() => site.stop());
beforeEach(() => {
  vi.stubEnv('PAYLOAD_SECRET', SECRET);
  vi.stubEnv('PAYLOAD_KV_API_KEY', undefined);
  vi.stubEnv('PAYLOAD_KV_SITE_URL', undefined);
});
afterEach(() => vi.unstubAllEnvs());

const ask = async (...args: string[]) => {
  const outcome = await command(args);
  return { ...outcome, json: args.includes('--json') ? JSON.parse(outcome.stdout) : undefined };
};

/** A server whose answer to everything is this. */
async function serve(handle: RequestListener): Promise<string> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('stats and top', () => {
  test('show what the cache did for a running site, and say that it is of one process', async () => {
    const { exitCode, stdout } = await ask('stats', '--url', site.url);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ {2}http:\/\/127\.0\.0\.1:\d+\/api {2}of one process only, for /m);
    expect(stdout).toMatch(/^ {2}hit ratio +\d+\.\d % of \d+ lookups$/m);
    expect(stdout).toMatch(/^ {2}saved +\d+ calls of the database, about /m);
    expect(stdout).toMatch(/^ {2}store +memory, in this process only, breaker closed$/m);
    expect(stdout).toMatch(/^ {2}in memory +\d+ of /m);
    expect(stdout).toMatch(/^ {2}@header +2 +1 +0 /m);
    expect(stdout).toMatch(/^ {2}milliseconds +count +p50 +p95 +p99$/m);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test('give the whole of it as JSON', async () => {
    const { json } = await ask('stats', '--url', `${site.url}/api/`, '--json');
    const { statistics, ...document } = json as { statistics: Statistics };
    expect(document).toEqual({ command: 'stats', ok: true, from: `${site.url}/api` });
    expect(statistics).toMatchObject({ format: 1, scope: 'process', processes: 1 });
    expect(statistics.counts.globals.header).toMatchObject({ hits: 2, misses: 1 });
  });

  test('top sorts by what is asked for', async () => {
    const { exitCode, stdout } = await ask('top', '--url', site.url, '--limit', '50');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ {2}name +op +query +count +hits +db ms +saved$/m);
    expect(stdout).toMatch(/^ {2}posts +find +_status equals\S.* 3 +66\.7 %/m);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    const numbers = async (by: string, numberOf: (query: any) => number) => {
      const { json } = await ask('top', '--url', site.url, '--json', '--by', by, '--limit', '5');
      expect(json).toMatchObject({ command: 'top', by, scope: 'process', processes: 1 });
      expect(json.queries.length).toBeLessThanOrEqual(5);
      return json.queries.map(numberOf) as number[];
    };
    const descending = (all: number[]) => [...all].sort((one, other) => other - one);
    for (const [by, numberOf] of [
      ['count', ({ count }: any) => count],
      ['saved', ({ saved }: any) => saved.time],
      ['misses', ({ misses, stale }: any) => misses + stale],
      ['time', ({ databaseTime, measured }: any) => databaseTime * measured],
    ] as const) {
      const all = await numbers(by, numberOf);
      expect(all).toEqual(descending(all));
      expect(all[0]).toBeGreaterThan(0);
    }
  });

  test('the address may stand in the environment', async () => {
    vi.stubEnv('PAYLOAD_KV_SITE_URL', site.url);
    expect((await ask('stats')).exitCode).toBe(0);
    vi.stubEnv('PAYLOAD_KV_SITE_URL', '');
    const { exitCode, json } = await ask('stats', '--json');
    expect([exitCode, json.error.code]).toEqual([2, 'SITE_URL_MISSING']);
  });
});

describe('purge', () => {
  const counted = async (...what: string[]): Promise<number> => {
    const { json } = await ask('purge', ...what, '--url', site.url, '--dry-run', '--json');
    expect(json).toMatchObject({ command: 'purge', ok: true, dryRun: true });
    return json.entries;
  };

  test('counts in a dry run, and changes nothing', async () => {
    await site.visit('/api/posts?limit=4');
    const before = await counted('posts');
    expect(before).toBeGreaterThan(0);
    expect(await counted('posts')).toBe(before);
    const { stdout } = await ask('purge', 'posts', '--url', site.url, '--dry-run');
    expect(stdout).toBe(
      `${site.url}/api: what depends on posts: ${before} entries.\nDry run: nothing was made stale.\n`,
    );
  });

  test.each<[string, string[], string]>([
    ['a collection', ['posts'], 'what depends on posts'],
    ['a document', ['posts#1'], 'what depends on the document 1 of posts'],
    ['a global by its sign', ['@header'], 'what depends on the global header'],
    ['a global by its name', ['header'], 'what depends on the global header'],
    ['everything', ['--all'], 'everything'],
    ['entries by the beginning of their keys', ['--prefix', 'posts:'], 'entries whose keys begin with'],
  ])('makes stale %s, without a question where --yes says so', async (_, what, words) => {
    await site.visit('/api/posts?limit=3');
    await site.visit('/api/posts/1');
    await site.visit('/api/globals/header');
    expect(await counted(...what)).toBeGreaterThan(0);
    const { exitCode, stdout } = await ask('purge', ...what, '--url', site.url, '--yes');
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`✓ Made stale: ${words}`);
    expect(await counted(...what)).toBe(0);
  });

  test('purges tags and namespaces of the site', async () => {
    for (const what of [
      ['--tag', 'weather', '--tag', 'news'],
      ['--namespace', 'weather'],
    ]) {
      const { exitCode, json } = await ask('purge', ...what, '--url', site.url, '--yes', '--json');
      expect(exitCode).toBe(0);
      expect(json).toMatchObject({
        ok: true,
        dryRun: false,
        target: what[0] === '--tag' ? { tags: ['weather', 'news'] } : { namespace: 'weather' },
      });
    }
  });

  test('asks a person, who may say no', async () => {
    await site.visit('/api/posts?limit=3');
    const before = await counted('posts');
    const no = await command(['purge', 'posts', '--url', site.url], { terminal: true, answers: [false] });
    expect(no.exitCode).toBe(0);
    expect(no.stdout).toContain('Nothing was made stale.');
    expect(await counted('posts')).toBe(before);
    const yes = await command(['purge', 'posts', '--url', site.url], { terminal: true, answers: [true] });
    expect(yes.stdout).toContain('✓ Made stale: what depends on posts.');
    expect(await counted('posts')).toBe(0);
  });

  test('does nothing where nobody can be asked', async () => {
    const { exitCode, stderr } = await ask('purge', 'posts', '--url', site.url);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('[MISSING_ANSWERS]');
    expect(stderr).toContain('Add --yes');
  });

  test.each<[string[], string, string]>([
    [['pots'], 'NOT_OF_THIS_SITE', 'Did you mean posts?'],
    [['@haeder'], 'NOT_OF_THIS_SITE', 'Did you mean @header?'],
    [['header#1'], 'NOT_OF_THIS_SITE', ''],
    [[], 'USAGE', 'Name one of these'],
    [['posts', '--all'], 'USAGE', 'Name one of these'],
    [['#5'], 'USAGE', 'posts#5'],
    [['posts#'], 'USAGE', 'posts#5'],
    [['@header#5'], 'USAGE', 'posts#5'],
  ])('refuses %j with %s', async (what, code, nextStep) => {
    const { exitCode, json } = await ask('purge', ...what, '--url', site.url, '--yes', '--json');
    expect([exitCode, json.error.code]).toEqual([2, code]);
    expect(json.error.nextStep).toContain(nextStep);
  });
});

describe('entries', () => {
  test('are those of the site, a page at a time, each once', async () => {
    await site.visit('/api/posts?limit=3');
    const keys: string[] = [];
    const more: string[] = [];
    for (;;) {
      const { json } = await ask('entries', '--url', site.url, '--limit', '7', ...more, '--json');
      expect(json).toMatchObject({ command: 'entries', ok: true, scope: 'process' });
      keys.push(...json.entries.map(({ key }: any) => key));
      if (json.cursor === null) break;
      more.splice(0, 2, '--cursor', json.cursor);
    }
    expect(keys.length).toBeGreaterThan(7);
    expect(new Set(keys).size).toBe(keys.length);
    const { stdout } = await ask('entries', '--url', site.url, '--limit', '7');
    expect(stdout).toMatch(/^ {2}http\S+\/api {2}in the memory of one process only$/m);
    expect(stdout).toMatch(/^ {2}key +age +left +size +is +tags$/m);
    const rows = stdout.split('\n').filter((line) => !line.startsWith('  More: --cursor '));
    expect(rows.filter((line) => line.length > 80)).toEqual([]);
  });

  test.each<[string[], string]>([
    [['posts'], 'posts'],
    [['posts#1'], 'posts#1'],
    [['@header'], '@header'],
    [['header'], '@header'],
  ])('of %j', async (what, tag) => {
    await site.visit('/api/posts/1?depth=0');
    await site.visit('/api/globals/header');
    const { json } = await ask('entries', ...what, '--url', site.url, '--limit', '200', '--json');
    expect(json.entries.flatMap(({ tags }: any) => tags)).toContain(tag);
    for (const { tags } of json.entries) expect(tags.join(' ')).toContain(tag.replace(/#.*/, ''));
    // The name of the command: of the project without a name, else of the cache.
    const inspected = await ask('inspect', ...what, '--url', site.url, '--limit', '200', '--json');
    expect(inspected.json.entries.map(({ key }: any) => key)).toEqual(
      json.entries.map(({ key }: any) => key),
    );
  });

  test('a single one, with what would evict it', async () => {
    await site.visit('/api/globals/header');
    const { json } = await ask('entries', '@header', '--url', site.url, '--json');
    const { stdout } = await ask('entries', json.entries[0].key, '--url', site.url);
    expect(stdout).toContain(`  key   ${json.entries[0].key}\n`);
    expect(stdout).toMatch(/^ {2}is +fresh, in the store$/m);
    expect(stdout).toMatch(/^ {4}@header +any write to the global header$/m);
  });
});

describe('why', () => {
  const why = async (...args: string[]) => ask('why', ...args, '--url', site.url);

  test('says what answered, by which key, and what would evict it', async () => {
    const query = `where[title][equals]=never-asked&limit=1`;
    const first = await why('posts', query);
    expect(first.exitCode).toBe(0);
    expect(first.stdout).toContain("  As the site's own code asks its Local API, without access control:\n");
    expect(first.stdout).toContain('  posts  find  title equals, limit 1, locale en\n');
    expect(first.stdout).toContain('  outcome  miss, there was no entry: the database was asked\n');
    expect(first.stdout).toContain('  entry    the new answer is stored for 5 min\n');
    expect(first.stdout).toMatch(/^ {2}key {6}payload-cache:posts:find:\S+$/m);
    expect(first.stdout).toContain('  evicted by\n    posts  any write to posts\n');
    const again = await why('posts', query);
    expect(again.stdout).toContain('  outcome  hit, answered from the cache\n');
    expect(again.stdout).toMatch(/^ {2}entry +\d+ s old, \d+ (s|min) left$/m);
    await site.payload.update({ collection: 'posts', id: 1, data: { title: 'new' } });
    expect((await why('posts', query)).stdout).toMatch(/^ {2}outcome +(stale|miss), /m);
  });

  test('makes the request of an address, and tells each of its reads', async () => {
    const asked = '/api/posts?limit=2&depth=0&where[title][not_equals]=x';
    const first = await ask('why', `${site.url}${asked}`);
    expect(first.exitCode).toBe(0);
    expect(first.stdout).toContain('  /api/posts, as a visitor asks for it: 200\n');
    expect(first.stdout).toMatch(/^ {2}posts {2}find {2}.*_status equals.*limit 2/m);
    expect(first.stdout).toContain('  outcome  miss, there was no entry: the database was asked\n');
    expect(first.stdout).toContain('  entry    the new answer is stored for 5 min\n');
    expect(first.stdout).toMatch(/^ {4}posts +any write to posts$/m);
    await site.visit('/api/globals/header');
    const { json } = await ask('why', asked, '--url', site.url, '--json');
    expect(json).toMatchObject({ command: 'why', ok: true, status: 200, cached: false });
    expect(json.reads[0]).toMatchObject({
      name: 'posts',
      outcome: 'hit',
      tags: ['posts'],
      key: expect.stringMatching(/^payload-cache:posts:find:/),
    });
    const refused = await ask('why', `${site.url}/api/users`, '--json');
    expect(refused.json).toMatchObject({ status: 403, reads: [] });
  });

  test('--visitor asks the Local API as somebody who is not logged in', async () => {
    const { json } = await why('posts', 'limit=3&depth=0', '--visitor', '--json');
    expect(json.reads[0].shape).toContain('_status equals');
    const bySite = await why('posts', 'limit=3&depth=0', '--json');
    expect(bySite.json.reads[0].shape).not.toContain('_status');
  });

  test('says why nothing is cached', async () => {
    const { stdout } = await why('users');
    expect(stdout).toMatch(
      /outcome +bypass, not looked up: the database was asked: the collection signs\n +people in/,
    );
    expect(stdout).toMatch(/entry +none is made/);
    const refused = await why('users', '--visitor', '--json');
    expect(refused.json.error.code).toBe('NOT_ALLOWED');
  });

  test('documents and globals too', async () => {
    expect((await why('posts#1', 'depth=0', '--json')).json.reads[0]).toMatchObject({
      name: 'posts',
      operation: 'findOne',
    });
    expect((await why('header', 'depth=0', '--json')).json.reads[0]).toMatchObject({ name: '@header' });
    expect((await why(`${site.url}/api/posts/count`, '--json')).json.reads[0]).toMatchObject({
      operation: 'count',
    });
  });

  test('refuses an address of another site, and what is no query', async () => {
    expect((await why('http://elsewhere.example/api/posts', '--json')).json.error.code).toBe('USAGE');
    expect((await why('posts', 'wher[x]=1', '--json')).json.error.code).toBe('USAGE');
    expect((await why('posts', 'limit=-1', '--json')).json.error.code).toBe('BAD_REQUEST');
  });
});

describe('who asks', () => {
  const failure = async (...args: string[]) => {
    const { exitCode, json, stdout, stderr } = await ask('stats', '--url', site.url, '--json', ...args);
    expect(exitCode).toBe(2);
    return { ...json.error, said: stdout + stderr };
  };

  test('nobody is refused, and told what to set', async () => {
    vi.stubEnv('PAYLOAD_SECRET', undefined);
    const { code, nextStep } = await failure();
    expect(code).toBe('SITE_UNAUTHORIZED');
    expect(nextStep).toContain('PAYLOAD_SECRET');
    expect(nextStep).toContain('PAYLOAD_KV_API_KEY');
  });

  test('another secret is refused, and not printed', async () => {
    vi.stubEnv('PAYLOAD_SECRET', 'the-secret-of-another-site');
    const { code, said } = await failure('--verbose');
    expect(code).toBe('SITE_FORBIDDEN');
    expect(said).not.toContain('the-secret-of-another-site');
  });

  test('an API key lets in whose user may see the admin panel', async () => {
    const keyed = await startObservedSite(
      {},
      {
        seed: 0,
        configure: (config) => ({
          ...config,
          collections: (config.collections ?? []).map((each) =>
            each.slug === 'users' ? { ...each, auth: { useAPIKey: true } } : each,
          ),
        }),
      },
    );
    onTestFinished(() => keyed.stop());
    await keyed.payload.create({
      collection: 'users',
      data: {
        email: 'a@example.com',
        password: 'long-enough',
        enableAPIKey: true,
        apiKey: 'key-of-a-user',
      } as never,
    });
    vi.stubEnv('PAYLOAD_KV_API_KEY', 'key-of-a-user');
    const run = (...args: string[]) => ask('stats', '--url', keyed.url, '--json', ...args);
    expect((await run()).json.ok).toBe(true);
    expect((await run('--api-key-collection', 'users')).json.ok).toBe(true);
    const other = await run('--api-key-collection', 'authors');
    expect(other.json.error.code).toBe('SITE_FORBIDDEN');
    expect(other.json.error.message).toContain('in the collection authors');
    vi.stubEnv('PAYLOAD_KV_API_KEY', 'no-key-of-anybody');
    const { json, stderr } = await run('--verbose');
    expect(json.error.code).toBe('SITE_FORBIDDEN');
    expect(JSON.stringify(json) + stderr).not.toContain('no-key-of-anybody');
  });

  test('an API key and a user in the address cannot be sent together', async () => {
    vi.stubEnv('PAYLOAD_KV_API_KEY', 'key-of-a-user');
    const { json } = await ask('stats', '--url', 'http://user:password@127.0.0.1:1', '--json');
    expect(json.error.code).toBe('USAGE');
    expect(JSON.stringify(json)).not.toContain('password@');
  });
});

describe('what is no such site has a code and a next step', () => {
  const codeOf = async (url: string, ...args: string[]) => {
    const { json } = await ask(...(args.length > 0 ? args : ['stats']), '--url', url, '--json');
    return [json.error.code, json.error.message] as const;
  };
  const answering = (status: number, body: string, headers: Record<string, string> = {}) =>
    serve((_request, response) => response.writeHead(status, headers).end(body));

  test('where nobody answers', async () => {
    const [code, message] = await codeOf('http://127.0.0.1:1');
    expect(code).toBe('SITE_UNREACHABLE');
    expect(message).toMatch(/^http:\/\/127\.0\.0\.1:1 does not answer/);
  });

  test.each<[string, number, string, Record<string, string>, string]>([
    ['Payload without endpoints', 404, '{"message":"Route not found"}', {}, 'SITE_NO_ENDPOINTS'],
    ['a page', 200, '<!doctype html>', {}, 'SITE_NOT_UNDERSTOOD'],
    ['JSON of another', 200, '{"docs":[]}', {}, 'SITE_NOT_UNDERSTOOD'],
    ['statistics of another version', 200, '{"format":2}', {}, 'SITE_OTHER_VERSION'],
    ['a list', 200, '[]', {}, 'SITE_NOT_UNDERSTOOD'],
    ['nothing', 200, '', {}, 'SITE_NOT_UNDERSTOOD'],
    ['a redirection', 302, '', { location: 'https://elsewhere.example/' }, 'SITE_NOT_UNDERSTOOD'],
    ['too many requests', 429, '{}', { 'retry-after': '7' }, 'SITE_LIMIT'],
    ['a fault', 500, 'oops', {}, 'SITE_FAILED'],
    [
      'its own word',
      400,
      JSON.stringify({ error: { code: 'BAD_REQUEST', message: 'No.', nextStep: 'Do.' } }),
      {},
      'BAD_REQUEST',
    ],
  ])('where it answers with %s', async (_, status, body, headers, code) => {
    expect((await codeOf(await answering(status, body, headers)))[0]).toBe(code);
  });

  test('of entries, reads and purges as well', async () => {
    const url = await serve(({ url: asked = '' }, response) => {
      const stats = {
        format: 1,
        counts: { total: {} },
        latency: {},
        policies: {},
        hotQueries: [],
        repeatedQueries: [],
      };
      response.end(JSON.stringify(asked.endsWith('/stats') ? stats : { entries: [{ key: 5 }], reads: 'x' }));
    });
    expect((await codeOf(url, 'entries'))[0]).toBe('SITE_NOT_UNDERSTOOD');
    expect((await codeOf(url, 'why', 'posts'))[0]).toBe('SITE_NOT_UNDERSTOOD');
    expect((await codeOf(url, 'purge', 'posts', '--yes'))[0]).toBe('SITE_NOT_UNDERSTOOD');
  });

  test('the redirection is not followed, and the signature goes nowhere else', async () => {
    const asked: string[] = [];
    const elsewhere = await serve((request, response) => {
      asked.push(request.url!);
      response.end('{}');
    });
    const url = await answering(307, '', { location: `${elsewhere}/api/payload-cache/stats` });
    expect((await codeOf(url))[0]).toBe('SITE_NOT_UNDERSTOOD');
    expect(asked).toEqual([]);
  });
});

test('what a site says cannot move the cursor of a terminal', async () => {
  const hostile = '\u001b]0;owned\u0007\u001b[2J\u009b31mposts\u202e\n\r';
  const total = {
    hits: 1,
    misses: 0,
    stale: 0,
    servedStale: 0,
    bypasses: { [hostile]: 1 },
    shared: 0,
    writes: 0,
    droppedWrites: 0,
    bytesWritten: 0,
    bytesRead: 0,
    uncacheable: 0,
    invalidations: 0,
    errors: 0,
  };
  const latency = { count: 1, sum: 1, buckets: [], p50: 1, p95: 1, p99: 1 };
  const query = {
    name: hostile,
    operation: hostile,
    shape: hostile,
    count: 1,
    error: 0,
    hits: 1,
    misses: 0,
    stale: 0,
    bypasses: 0,
    measured: 1,
    databaseTime: 1,
    bytes: 1,
    saved: { calls: 1, time: 1 },
    requests: 1,
    most: 9,
    queries: 9,
    place: hostile,
  };
  const statistics = {
    format: 1,
    since: 0,
    at: 1000,
    scope: 'process',
    processes: 1,
    pending: 0,
    inFlight: 0,
    counts: { total, collections: { [hostile]: total }, globals: {}, functions: {}, operations: {} },
    latency: { hit: latency, store: latency, registry: latency, replacement: latency, database: latency },
    saved: { calls: 1, time: 1 },
    savedBy: {},
    hotQueries: [query],
    hotFloor: 0,
    repeatedQueries: [query],
    lateReplacements: 0,
    breakersOpened: 0,
    errors: { [hostile]: 1 },
    near: null,
    store: { name: hostile, shared: false, breaker: 'open' },
    registry: { name: hostile, shared: false, breaker: 'closed' },
    policies: { posts: { cached: true } },
    history: { interval: 30, points: [] },
  };
  const entry = {
    key: hostile,
    name: hostile,
    operation: hostile,
    tags: [hostile, '/', `posts#${hostile}`],
    age: 1,
    ttl: 2,
    left: 1,
    bytes: 3,
    fresh: true,
    tier: 'near',
  };
  const read = {
    name: hostile,
    operation: hostile,
    shape: hostile,
    outcome: hostile,
    reason: hostile,
    key: hostile,
    tags: [hostile],
    entry: true,
  };
  const url = await serve(({ url: asked = '' }, response) => {
    const answers: Record<string, unknown> = {
      stats: statistics,
      entries: { entries: [entry, entry], cursor: hostile, scope: 'process' },
      why: { reads: [read] },
      purge: { error: { code: hostile, message: hostile, nextStep: hostile } },
    };
    const [, name = ''] = /payload-cache\/(\w+)/.exec(asked)!;
    response.writeHead(name === 'purge' ? 400 : 200).end(JSON.stringify(answers[name]));
  });
  for (const args of [
    ['stats'],
    ['top'],
    ['entries'],
    ['why', 'posts'],
    ['purge', 'posts', '--yes'],
    ['purge', 'pots', '--yes'],
  ]) {
    for (const more of [[], ['--json']]) {
      const { stdout, stderr } = await ask(...args, '--url', url, ...more);
      expect(stdout + stderr).toContain(
        more.length > 0 ? '"command"' : args.includes('pots') ? 'posts' : 'owned',
      );
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
      expect(stdout + stderr, args[0]!).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    }
  }
});
