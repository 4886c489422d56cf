import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { getCacheStats, settleCache } from '../../src/runtime/index.js';
import { ENDPOINTS } from '../../src/runtime/observe/endpoints/endpoints.js';
import { SIGNATURE, SIGNED, signedHeaders } from '../../src/runtime/observe/signature.js';
import { observe } from '../../src/runtime/observe.js';
import { type Clock, takeClock } from '../support/clock.js';
import { type ObservedSite, SECRET, startObservedSite } from './site.js';

const TOKEN = 'a token of 128 random bits';

let clock: Clock;
let site: ObservedSite;
let ids: (string | number)[];

beforeAll(async () => {
  clock = takeClock();
  site = await startObservedSite({ observe: { metricsToken: TOKEN.replaceAll(' ', '-') } });
  const { docs } = await site.payload.find({ collection: 'posts', sort: 'id', depth: 0 });
  ids = docs.map(({ id }) => id);
});
// Whoever has asked too often may ask again.
beforeEach(() => {
  clock.advance(60);
  site.log.clear();
});
afterAll(async () => {
  await site?.stop();
  clock.stop();
});

interface Refused {
  code: string;
  message: string;
  nextStep: string;
}
const errorOf = async (response: Response): Promise<Refused> =>
  ((await response.json()) as { error: Refused }).error;

/** Reads a post, and says whether the cache had it. */
async function outcomeOf(id: string | number): Promise<'hit' | 'miss'> {
  const hits = (): number => getCacheStats(site.payload)?.collections.posts?.hits ?? 0;
  const before = hits();
  await site.payload.findByID({ collection: 'posts', id, depth: 0 });
  await settleCache(site.payload);
  return hits() > before ? 'hit' : 'miss';
}

const purge = (target: unknown, more: Record<string, unknown> = {}): Promise<Response> =>
  site.askSigned('/purge', { target, ...more });

/** A purge as the admin panel sends it. */
const purgeAs = (headers: Record<string, string>, target: unknown = 'everything'): Promise<Response> =>
  site.ask('/purge', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ target }),
  });

describe('who may ask', () => {
  const gets = ENDPOINTS.filter(({ method }) => method === 'get').map(({ name }) => `/${name}`);
  /** Ends what is sent without end. */
  const ask = async (path: string, headers?: Record<string, string>): Promise<Response> => {
    const response = await site.ask(path, headers && { headers });
    if (path === '/events') await response.body?.cancel();
    return response;
  };

  test.each(gets)('%s is closed to those who are not signed in', async (path) => {
    const response = await ask(path);
    expect(response.status).toBe(401);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(Object.keys((await site.payload.find({ collection: 'posts', limit: 1 })).docs[0]!)).toContain(
      'id',
    );
  });

  test.each(gets)('%s answers editors, by header, API key and cookie, and signed requests', async (path) => {
    for (const headers of [site.editor, site.apiKey, { cookie: site.cookie }]) {
      const response = await ask(path, headers);
      expect(response.status).toBe(200);
      expect(response.headers.get('cache-control')).toMatch(/^no-store/);
    }
    const signed = await site.askSigned(path);
    expect(signed.status).toBe(200);
    await signed.body?.cancel();
  });

  test.each(gets)(
    '%s refuses users of another collection, whatever the access of that says',
    async (path) => {
      const response = await site.ask(path, { headers: site.customer });
      expect(response.status).toBe(403);
      const { nextStep } = await errorOf(response);
      expect(nextStep).toContain('PAYLOAD_SECRET');
    },
  );

  test('a purge is refused to all of those, and done for none of them', async () => {
    await outcomeOf(ids[0]!);
    for (const [headers, status] of [
      [{}, 401],
      [site.customer, 403],
      [{ authorization: `Bearer ${TOKEN.replaceAll(' ', '-')}` }, 403],
      [{ authorization: 'users API-Key 0f3c6a52-8f5d-4a2e-9d8e-000000000000' }, 403],
      [{ cookie: `${site.cookie}x` }, 401],
    ] as const)
      expect((await purgeAs(headers)).status).toBe(status);
    expect(await outcomeOf(ids[0]!)).toBe('hit');
  });

  test('a cookie lets in until its owner has signed out', async () => {
    const { token } = await site.payload.login({
      collection: 'users',
      data: { email: 'editor@example.com', password: 'a-long-password' },
    });
    const cookie = `payload-token=${token}`;
    expect((await site.ask('/stats', { headers: { cookie } })).status).toBe(200);
    const out = await site.handle(
      new Request('http://localhost:3000/api/users/logout', {
        method: 'POST',
        headers: { authorization: `JWT ${token}` },
      }),
    );
    expect(out.status).toBe(200);
    expect((await site.ask('/stats', { headers: { cookie } })).status).toBe(401);
  });

  test('the token for metrics lets in to metrics alone', async () => {
    const token = TOKEN.replaceAll(' ', '-');
    const response = await ask('/metrics', { authorization: `Bearer ${token}` });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/plain');
    expect(await response.text()).toMatch(/^# HELP payload_cache|^# HELP payload_kv/m);
    expect((await ask('/stats', { authorization: `Bearer ${token}` })).status).toBe(403);
    for (const wrong of [token.slice(1), `${token}x`, token.toUpperCase(), '']) {
      expect((await ask('/metrics', { authorization: `Bearer ${wrong}` })).status).toBe(403);
    }
  });
});

describe('a signature', () => {
  const path = '/payload-cache/stats?scope=process';
  const sign = (change: Partial<Parameters<typeof signedHeaders>[0]> = {}, now?: number) =>
    signedHeaders({ secret: SECRET, method: 'GET', path, ...change }, now);
  const statusOf = async (headers: Record<string, string>, asked = '/stats?scope=process') =>
    (await site.ask(asked, { headers })).status;

  test('is taken once', async () => {
    const headers = await sign();
    expect(await statusOf(headers)).toBe(200);
    expect(await statusOf(headers)).toBe(403);
  });

  test.each([
    ['by another secret', { secret: 'another' }],
    ['of another path', { path: '/payload-cache/health' }],
    ['of another query', { path: '/payload-cache/stats?scope=all' }],
    ['of another method', { method: 'POST' }],
    ['of a body', { body: '{}' }],
  ])('%s is refused', async (_what, change) => {
    expect(await statusOf(await sign(change))).toBe(403);
    expect(await statusOf(await sign())).toBe(200);
  });

  test('is refused when it is older than a minute, or of a clock that is as much ahead', async () => {
    const now = Date.now();
    expect(await statusOf(await sign({}, now - 61_000))).toBe(403);
    expect(await statusOf(await sign({}, now + 65_000))).toBe(403);
    expect(await statusOf(await sign({}, now - 50_000))).toBe(200);
  });

  test('is of its time, and of its number', async () => {
    const headers = await sign();
    const [time, once] = headers[SIGNED]!.split('.');
    for (const signed of [
      `${Number(time) + 1}.${once}`,
      `${time}.${'A'.repeat(22)}`,
      `${time}`,
      '',
      `x.${once}`,
    ]) {
      expect(await statusOf({ ...headers, [SIGNED]: signed })).toBe(403);
    }
    expect(await statusOf({ ...headers, [SIGNATURE]: '' })).toBe(403);
    expect(await statusOf(headers)).toBe(200);
  });

  test('does not hold for another body', async () => {
    const body = JSON.stringify({ target: { collection: 'posts' }, dryRun: true });
    const headers = {
      'content-type': 'application/json',
      ...(await sign({ method: 'POST', path: '/payload-cache/purge', body })),
    };
    const other = JSON.stringify({ target: 'everything' });
    expect((await site.ask('/purge', { method: 'POST', headers, body: other })).status).toBe(403);
    expect((await site.ask('/purge', { method: 'POST', headers, body })).status).toBe(200);
  });

  test('leaves alone what a proxy takes from the front of the path', async () => {
    const headers = await sign({ path: 'https://example.com/cms/api/payload-cache/stats?scope=process' });
    expect(await statusOf(headers)).toBe(200);
  });

  test('that does not hold does not fall back on a user', async () => {
    expect(await statusOf({ ...(await sign({ secret: 'another' })), ...site.editor })).toBe(403);
  });
});

describe('purge', () => {
  test.each<[string, () => unknown]>([
    ['a collection', () => ({ collection: 'posts' })],
    ['a document', () => ({ collection: 'posts', id: ids[0]! })],
    ['a document by the text of its id', () => ({ collection: 'posts', id: `${ids[0]!}` })],
    ['everything', () => 'everything'],
    ['keys', () => ({ prefix: 'posts:' })],
    ['keys as they stand in the store', () => ({ prefix: 'payload-cache:posts:' })],
  ])('of %s makes stale what depends on it, after a dry run that counts', async (_name, target) => {
    await outcomeOf(ids[0]!);
    expect(await outcomeOf(ids[0]!)).toBe('hit');
    const dry = await purge(target(), { dryRun: true });
    expect(dry.status).toBe(200);
    const counted = (await dry.json()) as { entries: number };
    expect(counted).toMatchObject({ ok: true, dryRun: true, target: expect.anything() });
    expect(counted.entries).toBeGreaterThan(0);
    expect(await outcomeOf(ids[0]!)).toBe('hit');
    expect(site.log.lines(30)).toEqual([]);

    const done = await purge(target());
    expect(await done.json()).toMatchObject({ ok: true, dryRun: false, entries: null });
    expect(await (await purge(target(), { dryRun: true })).json()).toMatchObject({ entries: 0 });
    expect(await outcomeOf(ids[0]!)).toBe('miss');
  });

  test('of a document leaves the others', async () => {
    for (const id of ids.slice(0, 2)) await outcomeOf(id);
    await purge({ collection: 'posts', id: ids[0]! });
    expect(await outcomeOf(ids[1]!)).toBe('hit');
  });

  test('counts what depends on it and no more', async () => {
    await purge('everything');
    for (const id of ids.slice(0, 3)) await outcomeOf(id);
    await site.payload.findGlobal({ slug: 'header', depth: 0 });
    await settleCache(site.payload);
    const counts = await Promise.all(
      [{ collection: 'posts' }, { collection: 'posts', id: ids[1]! }, { global: 'header' }, 'everything'].map(
        async (target) =>
          ((await (await purge(target, { dryRun: true })).json()) as { entries: number }).entries,
      ),
    );
    // Each post reads its category as well.
    expect(counts).toEqual([3, 1, 1, 7]);
  });

  test('is told in the log with who has done it', async () => {
    await purgeAs(site.apiKey, { collection: 'posts' });
    await purge({ tags: ['weather'] });
    expect(site.log.lines(30)).toEqual([
      expect.stringMatching(/^payload-kv: purge of \{"collection":"posts"\} by users \d+: done$/),
      'payload-kv: purge of {"tags":["weather"]} by a signed request: done',
    ]);
  });

  test('goes on beside others', async () => {
    await outcomeOf(ids[0]!);
    const all = await Promise.all(Array.from({ length: 10 }, () => purge({ collection: 'posts' })));
    expect(all.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(await outcomeOf(ids[0]!)).toBe('miss');
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['another word', 'all'],
    ['a list', [{ collection: 'posts' }]],
    ['an empty object', {}],
    ['two kinds', { collection: 'posts', global: 'header' }],
    ['an unknown kind', { slug: 'posts' }],
    ['a kind of every object', { constructor: 'posts' }],
    ['an id alone', { id: 1 }],
    ['an id of a global', { global: 'header', id: 1 }],
    ['an id that is null', { collection: 'posts', id: null }],
    ['an id that is an object', { collection: 'posts', id: { equals: 1 } }],
    ['an id that is empty', { collection: 'posts', id: '' }],
    ['a collection that is a number', { collection: 5 }],
    ['a collection that is a list', { collection: ['posts'] }],
    ['no tags', { tags: [] }],
    ['a tag that is a number', { tags: [1] }],
    ['too many tags', { tags: Array(101).fill('a') }],
    ['a long tag', { tags: ['a'.repeat(301)] }],
    ['tags that are a text', { tags: 'a' }],
    ['an empty namespace', { namespace: '' }],
    ['an empty prefix', { prefix: '' }],
    ['the prefix of all', { prefix: 'payload-cache:' }],
    ['the prefix of versions', { prefix: 'tag:' }],
    ['the prefix of versions as it stands in the store', { prefix: 'payload-cache:tag:posts' }],
    ['a prefix that is a number', { prefix: 1 }],
  ])('of %s is refused', async (_what, target) => {
    await outcomeOf(ids[0]!);
    const response = await purge(target);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: 'BAD_REQUEST', nextStep: expect.any(String) });
    expect(await outcomeOf(ids[0]!)).toBe('hit');
    expect(site.log.lines(30)).toEqual([]);
  });

  test.each([
    [{ collection: 'post' }, 'Is it "posts"?'],
    [{ global: 'headr' }, 'Is it "header"?'],
    [{ collection: '__proto__' }, 'There are: '],
    [{ collection: 'pösts' }, 'Is it "posts"?'],
    [{ collection: 'toString' }, 'There are: '],
  ])('of %o names what there is', async (target, nextStep) => {
    const response = await purge(target);
    expect(response.status).toBe(404);
    expect((await errorOf(response)).nextStep).toContain(nextStep);
  });

  test.each(['täg', '"quoted"', 'a b*?#', '\ud800', 'line\nbreak'])('takes the tag %j', async (tag) => {
    expect((await purge({ tags: [tag] })).status).toBe(200);
    expect(site.log.lines(30).join()).not.toContain('\n');
  });

  test.each<[string, string]>([
    ['no JSON', '{'],
    ['nothing', ''],
    ['a prototype', '{"target":{"collection":"posts","__proto__":{"a":1}}}'],
    ['a prototype that is escaped', '{"__prot\\u006f__":{},"target":"everything"}'],
    ['what is nested deep', `{"target":${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
    ['a text', '"everything"'],
    ['a list', '["everything"]'],
    ['a dry run that is no truth', '{"target":"everything","dryRun":"false"}'],
  ])('with %s as the body is refused', async (_what, body) => {
    const response = await site.ask('/purge', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...site.apiKey },
      body,
    });
    expect(response.status).toBe(400);
    expect(({} as { a?: unknown }).a).toBeUndefined();
    expect(site.log.lines(30)).toEqual([]);
  });

  test('with a huge body is refused, whether or not its length is told', async () => {
    const body = JSON.stringify({ target: { tags: ['a'.repeat(70_000)] } });
    const told = await site.ask('/purge', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...site.apiKey, 'content-length': `${body.length}` },
      body,
    });
    expect(told.status).toBe(413);
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1;
        controller.enqueue(new Uint8Array(16_384).fill(32));
      },
    });
    const streamed = await site.ask('/purge', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...site.apiKey },
      body: endless,
      duplex: 'half',
    } as RequestInit);
    expect(streamed.status).toBe(413);
    expect(sent).toBeLessThan(20);
  });

  test.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('by %s purges nothing', async (method) => {
    await outcomeOf(ids[0]!);
    const isBodiless = method === 'GET' || method === 'HEAD';
    const response = await site.ask('/purge', {
      method,
      headers: { 'content-type': 'application/json', ...site.apiKey },
      ...(isBodiless ? {} : { body: '{"target":"everything"}' }),
    });
    expect(response.status).toBe(method === 'OPTIONS' ? 200 : 404);
    expect(await outcomeOf(ids[0]!)).toBe('hit');
  });

  test('is not made of a request that overrides its method', async () => {
    await outcomeOf(ids[0]!);
    const response = await site.ask('/purge', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-http-method-override': 'GET', ...site.apiKey },
      body: '{"target":"everything"}',
    });
    expect(response.status).toBe(404);
    expect(await outcomeOf(ids[0]!)).toBe('hit');
  });
});

describe('a request that another site has a browser send', () => {
  const cross = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };

  test.each<[string, Record<string, string>]>([
    ['from another site', cross],
    ['from a neighbour', { origin: 'http://shop.localhost:3000', 'sec-fetch-site': 'same-site' }],
    ['from another site by a browser that does not say so', { origin: 'https://evil.example' }],
    ['from a page without an origin', { origin: 'null' }],
  ])('%s, with its cookie, purges nothing', async (_what, headers) => {
    await outcomeOf(ids[0]!);
    const response = await purgeAs({ cookie: site.cookie, ...headers });
    expect(response.status).toBe(403);
    expect(await outcomeOf(ids[0]!)).toBe('hit');
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=a', ''])(
    'as a form of type "%s" purges nothing',
    async (type) => {
      await outcomeOf(ids[0]!);
      const response = await purgeAs({ cookie: site.cookie, 'content-type': type });
      expect(response.status).toBe(415);
      expect(await outcomeOf(ids[0]!)).toBe('hit');
    },
  );

  test.each<[string, Record<string, string>]>([
    ['the panel', { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-origin' }],
    ['the panel behind a proxy', { origin: 'https://cms.example', 'sec-fetch-site': 'same-origin' }],
    ['the panel in an old browser', { origin: 'http://localhost:3000' }],
    ['an old browser behind a proxy', { origin: 'https://cms.example', 'x-forwarded-host': 'cms.example' }],
    ['no browser', {}],
  ])('is told from one of %s', async (_what, headers) => {
    expect((await purgeAs({ cookie: site.cookie, ...headers })).status).toBe(200);
  });

  test('is no danger where it carries a key of its own', async () => {
    expect((await purgeAs({ ...site.apiKey, ...cross })).status).toBe(200);
    // With a cookie beside it, that may be what signs in.
    const unknownKey = { authorization: 'users API-Key of-nobody' };
    expect((await purgeAs({ ...unknownKey, cookie: site.cookie, ...cross })).status).toBe(403);
  });
});

describe('how often', () => {
  test('one may purge is limited, for each by themselves', async () => {
    const statuses: number[] = [];
    for (let count = 0; count < 32; count++)
      statuses.push((await purgeAs(site.apiKey, { tags: ['a'] })).status);
    expect(statuses).toEqual([...Array(30).fill(200), 429, 429]);
    const refused = await purgeAs(site.apiKey, { tags: ['a'] });
    expect(refused.headers.get('retry-after')).toBe('2');
    expect(await errorOf(refused)).toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    expect((await purge({ tags: ['a'] })).status).toBe(200);
    expect((await site.ask('/stats', { headers: site.apiKey })).status).toBe(200);
    clock.advance(2);
    expect((await purgeAs(site.apiKey, { tags: ['a'] })).status).toBe(200);
    expect((await purgeAs(site.apiKey, { tags: ['a'] })).status).toBe(429);
  });

  test('one may read is limited less', async () => {
    let asked = 0;
    while ((await site.ask('/health', { headers: site.apiKey })).status === 200) asked += 1;
    expect(asked).toBeGreaterThanOrEqual(120);
    expect(asked).toBeLessThan(240);
  });

  test('one may be refused is limited by address, which keeps nobody out who may enter', async () => {
    const from = (address: string) => ({ 'x-forwarded-for': `made up, ${address}` });
    for (let count = 0; count < 30; count++) {
      expect((await site.ask('/stats', { headers: from('192.0.2.1') })).status).toBe(401);
    }
    expect((await site.ask('/stats', { headers: from('192.0.2.1') })).status).toBe(429);
    expect((await site.ask('/stats', { headers: from('192.0.2.2') })).status).toBe(401);
    expect((await site.ask('/stats', { headers: { ...from('192.0.2.1'), ...site.editor } })).status).toBe(
      200,
    );
  });
});

test('stats of no scope are refused', async () => {
  const response = await site.askSigned('/stats?scope=everything');
  expect(response.status).toBe(400);
  expect(await (await site.askSigned('/stats?scope=all')).json()).toMatchObject({ format: 1, processes: 1 });
});

describe('options', () => {
  let other: ObservedSite | undefined;
  afterEach(async () => {
    await other?.stop();
    other = undefined;
    vi.unstubAllEnvs();
  });

  test('access says who may', async () => {
    other = await startObservedSite({
      seed: 0,
      observe: { access: ({ req }) => req.user?.collection === 'customers' },
    });
    expect((await other.ask('/stats', { headers: other.customer })).status).toBe(200);
    expect((await other.ask('/stats', { headers: other.editor })).status).toBe(403);
    expect((await other.askSigned('/stats')).status).toBe(200);
  });

  test('access that throws lets nobody in, and is told in the log', async () => {
    other = await startObservedSite({
      seed: 0,
      observe: {
        access() {
          throw new Error('no access today');
        },
      },
    });
    expect((await other.ask('/stats', { headers: other.editor })).status).toBe(403);
    expect(other.log.lines(50)).toEqual([expect.stringContaining('`access` of observe() threw')]);
  });

  test('access that answers with a query lets nobody in', async () => {
    other = await startObservedSite({
      seed: 0,
      observe: { access: () => ({ id: { equals: 1 } }) as unknown as boolean },
    });
    expect((await other.ask('/stats', { headers: other.editor })).status).toBe(403);
  });

  test('the access of the admin panel says who of its users may', async () => {
    other = await startObservedSite({
      seed: 0,
      configure(config) {
        const users = config.collections!.find(({ slug }) => slug === 'users')!;
        users.access = { ...users.access, admin: () => false };
        return config;
      },
    });
    expect((await other.ask('/stats', { headers: other.editor })).status).toBe(403);
  });

  test('endpoints: false adds none', async () => {
    other = await startObservedSite({ seed: 0, observe: { endpoints: false } });
    expect((await other.ask('/stats', { headers: other.editor })).status).toBe(404);
  });

  test('a collection that takes their path is told of in the log', async () => {
    other = await startObservedSite({
      seed: 0,
      configure: (config) => ({
        ...config,
        collections: [...config.collections!, { slug: 'payload-cache', fields: [] }],
      }),
    });
    expect((await other.askSigned('/stats')).ok).toBe(false);
    expect(other.log.lines()).toEqual([expect.stringContaining('the collection payload-cache takes')]);
  });

  test('the token may come from the environment', async () => {
    vi.stubEnv('PAYLOAD_KV_METRICS_TOKEN', 'sixteen-or-more-letters');
    other = await startObservedSite({ seed: 0 });
    const headers = { authorization: 'Bearer sixteen-or-more-letters' };
    expect((await other.ask('/metrics', { headers })).status).toBe(200);
  });

  test.each([
    ['acess', { acess: () => true }],
    ['access', { access: true }],
    ['endpoints', { endpoints: 'false' }],
    ['adminView', { adminView: 1 }],
    ['readers', { readers: { attach() {} } }],
    ['readers', { readers: [() => {}] }],
  ])('an option that cannot be is refused by its name: %s', (name, options) => {
    expect(() => observe(options as never)).toThrow(
      expect.objectContaining({
        code: 'INVALID_POLICY',
        message: expect.stringContaining(`observe.${name}`),
      }),
    );
  });

  test('a token that could be guessed is refused, and not shown', () => {
    expect(() => observe({ metricsToken: 'short' })).toThrow(
      expect.objectContaining({ code: 'INVALID_POLICY', message: expect.not.stringContaining('short') }),
    );
    vi.stubEnv('PAYLOAD_KV_METRICS_TOKEN', 'short');
    expect(() => observe()).toThrow(expect.objectContaining({ code: 'INVALID_ENVIRONMENT' }));
    vi.stubEnv('PAYLOAD_KV_METRICS_TOKEN', '');
    expect(() => observe()).not.toThrow();
  });
});
