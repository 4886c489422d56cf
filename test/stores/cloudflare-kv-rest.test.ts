import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseRetryAfter, pauseAfter } from '../../src/connections/cloudflare-api.js';
import { PayloadKVError } from '../../src/errors.js';
import type { Store } from '../../src/interfaces/store.js';
import { type CloudflareKVRestOptions, cloudflareKVRest } from '../../src/stores/cloudflare-kv-rest.js';
import { type ApiFault, type CloudflareAPIServer, startCloudflareAPI } from '../support/cloudflare-api.js';
import { describeStore } from './conformance.js';

let api: CloudflareAPIServer;
beforeAll(async () => {
  api = await startCloudflareAPI();
});
afterAll(() => api.stop());
beforeEach(() => {
  api.forget();
  api.faultOf = () => undefined;
  api.unsuccessful.clear();
  api.values.clear();
  api.left = Number.POSITIVE_INFINITY;
  api.ahead = 0;
});
afterEach(() => vi.unstubAllEnvs());

/** A store of the API that sends what it is given without waiting for its pace. */
function storeOf(options: CloudflareKVRestOptions = {}): Store {
  const { baseUrl, accountId, namespaceId, apiToken } = api;
  return cloudflareKVRest({ baseUrl, accountId, namespaceId, apiToken, writeInterval: 0, ...options });
}

/** How a call fails; the error of one that does not. */
async function failureOf(call: unknown): Promise<Error & { code?: string; status?: number }> {
  try {
    await call;
  } catch (error) {
    return error as Error;
  }
  throw new Error('It did not fail.');
}

const paths = () => api.requests.map(({ method, path }) => `${method} ${path}`);
const SERVER_ERROR: ApiFault = { status: 500 };
/** Fails the first requests, and no more. */
function failFirst(times: number, fault: ApiFault): void {
  let left = times;
  api.faultOf = () => (left-- > 0 ? fault : undefined);
}

describeStore(
  'cloudflareKVRest on an API of the loopback',
  async () => {
    const own = await startCloudflareAPI();
    const { baseUrl, accountId, namespaceId, apiToken } = own;
    const store = cloudflareKVRest({ baseUrl, accountId, namespaceId, apiToken, writeInterval: 0 });
    return { store, stop: () => own.stop() };
  },
  { expires: false, largeValue: 8 * 1024 * 1024 },
);

describe('settings', () => {
  const VARIABLES = {
    CLOUDFLARE_API_BASE_URL: () => api.baseUrl,
    CLOUDFLARE_ACCOUNT_ID: () => api.accountId,
    PAYLOAD_KV_NAMESPACE_ID: () => api.namespaceId,
    CLOUDFLARE_API_TOKEN: () => api.apiToken,
  };
  const OLDER: Record<string, string> = {
    CLOUDFLARE_API_BASE_URL: 'CF_API_BASE_URL',
    CLOUDFLARE_ACCOUNT_ID: 'CF_ACCOUNT_ID',
    CLOUDFLARE_API_TOKEN: 'CF_API_TOKEN',
  };
  beforeEach(() => {
    for (const name of [...Object.keys(VARIABLES), ...Object.values(OLDER)]) vi.stubEnv(name, undefined);
  });

  test('come from the environment, by the names that wrangler reads', async () => {
    for (const [name, value] of Object.entries(VARIABLES)) vi.stubEnv(name, ` ${value()}\n`);
    const store = cloudflareKVRest();
    await store.set('key', 'value', undefined);
    expect(await store.get('key')).toBe('value');
  });

  test('come from the older names where the newer hold nothing', async () => {
    for (const name of Object.keys(OLDER)) vi.stubEnv(name, ' ');
    for (const [name, value] of Object.entries(VARIABLES)) vi.stubEnv(OLDER[name] ?? name, value());
    expect(await cloudflareKVRest().health()).toEqual({ ok: true });
  });

  test('given as options win over the environment', async () => {
    for (const name of Object.keys(VARIABLES)) vi.stubEnv(name, 'https://wrong.invalid');
    const store = storeOf();
    expect(await store.health()).toEqual({ ok: true });
  });

  test('that are missing are named by the first call, with their variables, and not before', async () => {
    vi.stubEnv('CLOUDFLARE_API_TOKEN', api.apiToken);
    vi.stubEnv('PAYLOAD_KV_NAMESPACE_ID', '  ');
    const store = cloudflareKVRest();
    const error = await failureOf(store.get('key'));
    expect(error).toBeInstanceOf(PayloadKVError);
    expect(error.code).toBe('CLOUDFLARE_SETTING_MISSING');
    expect(error.message).toBe(
      'cloudflareKVRest lacks accountId (CLOUDFLARE_ACCOUNT_ID) and namespaceId (PAYLOAD_KV_NAMESPACE_ID).',
    );
    expect(inspect(error)).not.toContain(api.apiToken);
    expect((await failureOf(store.set('key', 'value', 60))).code).toBe('CLOUDFLARE_SETTING_MISSING');
    expect(await store.health()).toEqual({ ok: false, message: error.message });
    // As soon as they are there, it works.
    for (const [name, value] of Object.entries(VARIABLES)) vi.stubEnv(name, value());
    expect(await store.health()).toEqual({ ok: true });
  });

  test.each([
    ['accountId', 'an account/with a slash'],
    ['namespaceId', ''],
    ['apiToken', 'secret with\nline break'],
    ['apiToken', 'Geheimnis-ü'],
    ['baseUrl', 'ftp://user:secret@example.com'],
    ['baseUrl', 'https://user:secret@example.com'],
    ['baseUrl', 'secret'],
    ['retries', -1],
    ['writeInterval', 0.5],
    ['maxWaitingBytes', 'secret'],
    ['requestTimeout', 0],
    ['prefix', 'payload-cache:'],
    ['prefix', 'x-payload-kv-value:'],
  ])('that cannot be are refused at once: %s %j', (name, value) => {
    let error: PayloadKVError | undefined;
    try {
      storeOf({ [name]: value });
    } catch (caught) {
      error = caught as PayloadKVError;
    }
    expect(error).toBeInstanceOf(PayloadKVError);
    expect(error?.code).toBe('INVALID_STORE');
    expect(error?.message).toContain(name);
    expect(inspect(error)).not.toMatch(/secret|Geheimnis/);
  });

  test('of the environment that cannot be are told with their variable, never their value', async () => {
    for (const [name, value] of Object.entries(VARIABLES)) vi.stubEnv(name, value());
    vi.stubEnv('CLOUDFLARE_API_TOKEN', 'secret one\u00e4');
    const error = await failureOf(cloudflareKVRest().get('key'));
    expect(error.message).toContain('CLOUDFLARE_API_TOKEN');
    expect(inspect(error)).not.toContain('secret one');
    expect(api.requests).toEqual([]);
  });

  test('prefix comes before every key and shows in none', async () => {
    const store = storeOf({ prefix: 'site-a:' });
    const other = storeOf({ prefix: 'site-b:' });
    await store.set('key', 'a', undefined);
    await other.set('key', 'b', undefined);
    expect([...api.values.keys()].sort()).toEqual(['site-a:key', 'site-b:key']);
    expect(await store.get('key')).toBe('a');
    const pages: string[][] = [];
    for await (const page of store.list('k')) pages.push(page);
    expect(pages).toEqual([['key']]);
    await store.deleteMany(['key']);
    expect([...api.values.keys()]).toEqual(['site-b:key']);
  });
});

describe('requests', () => {
  test('of reads made together hold up to 100 keys each', async () => {
    const store = storeOf();
    const keys = Array.from({ length: 250 }, (_, index) => `key-${index}`);
    const [one, many] = await Promise.all([store.get('key-0'), store.getMany(keys)]);
    expect([one, ...many].every((value) => value === undefined)).toBe(true);
    expect(paths()).toEqual(Array.from({ length: 3 }, () => 'POST /bulk/get'));
    const asked = api.requests.flatMap(({ body }) => (JSON.parse(body) as { keys: string[] }).keys);
    expect(asked.sort()).toEqual(keys.sort());
  });

  test('of reads are a few at a time', async () => {
    let open = 0;
    let most = 0;
    const waiting: (() => void)[] = [];
    const store = storeOf();
    const { fetch } = globalThis;
    vi.stubGlobal('fetch', async (...args: Parameters<typeof fetch>) => {
      most = Math.max(most, ++open);
      await new Promise<void>((resolve) => waiting.push(resolve));
      return fetch(...args).finally(() => open--);
    });
    try {
      const keys = Array.from({ length: 2_000 }, (_, index) => `key-${index}`);
      let ended = false;
      const read = Promise.resolve(store.getMany(keys)).finally(() => {
        ended = true;
      });
      while (!ended) {
        waiting.shift()?.();
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      expect((await read).length).toBe(2_000);
      expect(most).toBe(6);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test('of writes are gathered: one for what comes within a moment, one for what is deleted', async () => {
    const store = storeOf();
    api.values.set('gone', { value: 'x', expiresAt: undefined });
    await Promise.all([
      store.set('a', '1', undefined),
      store.set('b', '2', 90.5),
      store.set('c', '3', 1),
      store.setMany([{ key: 'd', value: '4', ttl: 300 }]),
      store.delete('gone'),
    ]);
    expect(paths().sort()).toEqual(['POST /bulk/delete', 'PUT /bulk']);
    const { body = '' } = api.requests.find(({ method }) => method === 'PUT') ?? {};
    expect(JSON.parse(body)).toEqual([
      { key: 'a', value: '1' },
      { key: 'b', value: '2', expiration_ttl: 91 },
      { key: 'c', value: '3', expiration_ttl: 60 },
      { key: 'd', value: '4', expiration_ttl: 300 },
    ]);
    api.ahead = 91_000;
    expect(await store.getMany(['a', 'b', 'c', 'd', 'gone'])).toEqual([
      '1',
      undefined,
      undefined,
      '4',
      undefined,
    ]);
  });

  test('of a key keep their order: the last value holds, and a deletion deletes', async () => {
    const store = storeOf();
    const writes = [
      store.set('a', 'old', undefined),
      store.delete('a'),
      store.set('a', 'new', undefined),
      store.set('b', 'old', undefined),
      store.delete('b'),
    ];
    await Promise.all(writes);
    expect(await store.getMany(['a', 'b'])).toEqual(['new', undefined]);
    expect(paths().filter((path) => path !== 'POST /bulk/get')).toHaveLength(2);
  });

  test('of writes do not overtake each other, nor one that is tried again', async () => {
    const store = storeOf();
    let second: Promise<void> | undefined;
    api.faultOf = ({ method }) => {
      if (method !== 'PUT' || second) return undefined;
      // While the first is under way; it is waiting for another attempt afterwards.
      second = Promise.resolve(store.set('a', 'new', undefined));
      return SERVER_ERROR;
    };
    await store.set('a', 'old', undefined);
    await second;
    expect(await store.get('a')).toBe('new');
  });

  test('of writes keep their pace, and what comes meanwhile goes together', async () => {
    const store = storeOf({ writeInterval: 600_000 });
    await store.set('first', 'x', undefined);
    const writes: unknown[] = [];
    for (let index = 0; index < 8; index++) {
      writes.push(store.set(`${index}`, 'x', undefined));
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    expect(paths()).toEqual(['PUT /bulk']);
    await store.close();
    await Promise.all(writes);
    expect(paths()).toEqual(['PUT /bulk', 'PUT /bulk']);
  });

  test('never hold more than the API takes', async () => {
    const store = storeOf();
    const names = Array.from({ length: 12_000 }, (_, index) => `key-${index}`);
    await store.setMany(names.map((key) => ({ key, value: 'x', ttl: undefined })));
    expect(api.values.size).toBe(12_000);
    expect(paths()).toEqual(['PUT /bulk', 'PUT /bulk']);
    await store.deleteMany(names);
    expect(api.values.size).toBe(0);
    api.forget();
    // Twenty million characters of JSON would be one request, far below what the API takes and far too long to wait for.
    const large = 'x'.repeat(5_000_000);
    await store.setMany(['a', 'b', 'c'].map((key) => ({ key, value: large, ttl: undefined })));
    expect(paths()).toEqual(['PUT /bulk', 'PUT /bulk', 'PUT /bulk']);
  });

  test('of reads that bring too much are made again in parts', async () => {
    const store = storeOf();
    const keys = ['a', 'b', 'c', 'd'];
    for (const key of keys) api.values.set(key, { value: 'x'.repeat(9_000_000), expiresAt: undefined });
    const lengths = (await store.getMany(['absent', ...keys])).map((value) => value?.length);
    expect(lengths).toEqual([undefined, 9e6, 9e6, 9e6, 9e6]);
  });

  test('of reads bring the largest value that is cached, and versions beside it', async () => {
    const store = storeOf();
    const { maximumBytes = 0 } = store;
    api.values.set('largest', { value: 'x'.repeat(maximumBytes), expiresAt: undefined });
    api.values.set('version', { value: 'v', expiresAt: undefined });
    const [largest, version] = await store.getMany(['largest', 'version']);
    expect([largest?.length, version]).toEqual([24_000_000, 'v']);
    expect(api.requests).toHaveLength(1);
  });

  test('go around the fetch that Next.js puts in place of the platform', async () => {
    const { fetch } = globalThis;
    const patched = vi.fn(() => Promise.reject(new Error('cached by Next.js')));
    vi.stubGlobal('fetch', Object.assign(patched, { _nextOriginalFetch: fetch }));
    try {
      const store = storeOf();
      await store.set('a', 'x', undefined);
      expect(await store.get('a')).toBe('x');
      expect(patched).not.toHaveBeenCalled();
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe('a write that fails', () => {
  test('fails for itself alone: the others of its request are done', async () => {
    const store = storeOf({ retries: 1 });
    api.unsuccessful.set('never', 100).set('later', 1);
    const outcomes = await Promise.allSettled([
      store.set('good', '1', undefined),
      store.set('never', '2', undefined),
      store.set('later', '3', undefined),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect([...api.values.keys()].sort()).toEqual(['good', 'later']);
    // Only the keys that failed were sent again.
    expect(api.requests.map(({ body }) => (JSON.parse(body) as unknown[]).length)).toEqual([3, 2]);
  });

  test('of a deletion likewise', async () => {
    const store = storeOf();
    await store.setMany(['a', 'b'].map((key) => ({ key, value: 'x', ttl: undefined })));
    api.unsuccessful.set('a', 2);
    await store.deleteMany(['a', 'b']);
    expect(api.values.size).toBe(0);
  });

  test('because it is one that the API refuses leaves the others of its request alone', async () => {
    const store = storeOf();
    // Nothing that KV says about values is broken by it; a proxy may object to what it likes.
    api.faultOf = ({ body }) => (body.includes('forbidden') ? { status: 400 } : undefined);
    const keys = ['a', 'b', 'forbidden', 'c', 'd'];
    const outcomes = await Promise.allSettled(keys.map((key) => store.set(key, 'x', undefined)));
    expect(outcomes.map(({ status }) => status)).toEqual(
      keys.map((key) => (key === 'forbidden' ? 'rejected' : 'fulfilled')),
    );
    expect([...api.values.keys()].sort()).toEqual(['a', 'b', 'c', 'd']);
  });

  test.each(['', '.', '..', 'x'.repeat(513), 'ü'.repeat(257)])(
    'because KV takes no such key %# is not sent',
    async (key) => {
      const error = await failureOf(storeOf().set(key, 'x', undefined));
      expect(error.code).toBe('INVALID_KEY');
      expect(api.requests).toEqual([]);
    },
  );

  test('because too much is waiting fails at once, and later ones succeed', async () => {
    const store = storeOf({ maxWaitingBytes: 10_000 });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) => store.set(`${index}`, 'x'.repeat(1_000), undefined)),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    // What was written, and what was refused for good, waits no more.
    api.faultOf = () => ({ status: 403 });
    await Promise.allSettled([store.set('a', 'x'.repeat(4_000), undefined)]);
    api.faultOf = () => undefined;
    await store.set('a', 'x'.repeat(4_000), undefined);
    await store.set('a', 'x'.repeat(4_500), undefined);
    expect((await store.get('a'))?.length).toBe(4_500);
  });

  test('too often is told with the last error, after the attempts that were allowed', async () => {
    api.faultOf = () => SERVER_ERROR;
    const error = await failureOf(storeOf({ retries: 2 }).set('a', 'x', undefined));
    expect(error.status).toBe(500);
    expect(api.requests).toHaveLength(3);
  });
});

describe('faults that pass', () => {
  // The pauses are as short as jitter may make them.
  beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(0.01));
  afterEach(() => void vi.restoreAllMocks());

  const FAULTS: [string, ApiFault][] = [
    ['a fault of the server', SERVER_ERROR],
    ['a server that is not there', { status: 503, headers: { 'retry-after': '0' } }],
    ['a gateway in between', { status: 502, body: '<html>502 Bad Gateway</html>' }],
    ['too many requests', { status: 429, headers: { 'retry-after': '0' } }],
    ['a connection that is reset', 'reset'],
    ['half an answer', 'cut'],
    ['an answer that is no JSON', { status: 200, body: '{"success":tr' }],
    ['an answer that is something else', { status: 200, body: '[]' }],
    ['an answer without success', { status: 200, body: '{"success":false,"errors":[{"message":"no"}]}' }],
  ];
  test.each(FAULTS)('%s: a write is made again, and so is a list', async (_of, fault) => {
    const store = storeOf();
    failFirst(2, fault);
    await store.set('a', 'x', undefined);
    expect(api.values.get('a')?.value).toBe('x');
    failFirst(1, fault);
    for await (const page of store.list('')) expect(page).toEqual(['a']);
    expect(api.requests).toHaveLength(5);
  });

  test.each(FAULTS.filter(([of]) => of !== 'too many requests'))(
    '%s: a read is made again once',
    async (_of, fault) => {
      const store = storeOf();
      failFirst(1, fault);
      expect(await store.get('a')).toBeUndefined();
      expect(api.requests).toHaveLength(2);
      api.faultOf = () => fault;
      expect(await failureOf(store.get('a'))).toMatchObject({ name: 'CloudflareAPIError' });
      expect(api.requests).toHaveLength(4);
    },
  );

  test('an answer that never comes is given up, and others are not kept waiting for ever', async () => {
    const store = storeOf({ requestTimeout: 50, retries: 0 });
    api.faultOf = () => 'hang';
    const calls = [store.get('a'), store.getMany(['b']), store.set('c', 'x', undefined), store.delete('d')];
    for (const call of calls) expect((await failureOf(call)).message).toMatch(/did not answer/);
    expect(await store.health()).toMatchObject({ ok: false });
    await expect(
      (async () => {
        for await (const _page of store.list('')) expect.fail('no page came');
      })(),
    ).rejects.toThrow('did not answer');
    api.faultOf = () => undefined;
    expect(await store.get('a')).toBeUndefined();
  });

  test('a value that is no text is absent', async () => {
    const body = JSON.stringify({ success: true, result: { values: { a: 1, b: { c: 2 }, d: 'text' } } });
    api.faultOf = () => ({ status: 200, body });
    expect(await storeOf().getMany(['a', 'b', 'c', 'd', '__proto__', 'constructor'])).toEqual([
      undefined,
      undefined,
      undefined,
      'text',
      undefined,
      undefined,
    ]);
  });
});

describe('faults that stay', () => {
  test.each([
    [400, 'CLOUDFLARE_API_TOKEN'],
    [401, 'CLOUDFLARE_API_TOKEN'],
    [403, 'Workers KV Storage: Edit'],
    [404, 'PAYLOAD_KV_NAMESPACE_ID'],
  ])('status %i is not tried again, and told with what to do', async (status, advice) => {
    const store = storeOf();
    const body = JSON.stringify({
      success: false,
      errors: [{ code: 10_000, message: 'Authentication error' }],
    });
    api.faultOf = () => ({ status, body });
    for (const call of [() => store.get('a'), () => store.set('a', 'x', 60), () => store.delete('a')]) {
      api.forget();
      const error = (await failureOf(call())) as PayloadKVError;
      expect(error.code).toBe('CLOUDFLARE_API_REFUSED');
      expect(error.message).toBe(
        `Cloudflare's API failed with status ${status}: Authentication error [code 10000]`,
      );
      expect(error.nextStep).toContain(advice);
      expect(api.requests).toHaveLength(1);
    }
  });

  test('a wrong token, account or namespace make the store unhealthy, and say why', async () => {
    const messageOf = async (options: CloudflareKVRestOptions) => (await storeOf(options).health()).message;
    expect(await messageOf({})).toBeUndefined();
    expect(await messageOf({ apiToken: 'another' })).toContain('Authentication error');
    expect(await messageOf({ accountId: 'c'.repeat(32) })).toContain('Could not route');
    expect(await messageOf({ namespaceId: 'c'.repeat(32) })).toContain('namespace not found');
  });
});

describe('too many requests', () => {
  const LIMITED: ApiFault = { status: 429, headers: { 'retry-after': '120' } };

  test('stop all that reads and writes until the time is over that the API asked for', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const store = storeOf();
      api.faultOf = () => LIMITED;
      expect((await failureOf(store.get('a'))).status).toBe(429);
      expect(api.requests).toHaveLength(1);
      for (let time = 0; time < 20; time++) {
        expect((await failureOf(store.get('a'))).message).toContain('limit of requests');
        expect((await failureOf(store.set('a', 'x', 60))).status).toBe(429);
      }
      expect(await store.health()).toMatchObject({ ok: false });
      expect(api.requests).toHaveLength(1);
      api.faultOf = () => undefined;
      vi.setSystemTime(Date.now() + 119_000);
      await failureOf(store.get('a'));
      expect(api.requests).toHaveLength(1);
      vi.setSystemTime(Date.now() + 1_500);
      await store.set('a', 'x', undefined);
      expect(await store.get('a')).toBe('x');
    } finally {
      vi.useRealTimers();
    }
  });

  test('are waited for by a write where it is a matter of seconds, and by no read', async () => {
    const store = storeOf();
    failFirst(1, { status: 429, headers: { 'retry-after': '1' } });
    const writing = store.set('a', 'x', undefined);
    await vi.waitUntil(() => api.requests.length === 1, { timeout: 20_000 });
    await vi.waitUntil(async () => (await failureOf(store.get('a'))).status === 429, { timeout: 20_000 });
    await writing;
    expect(paths()).toEqual(['PUT /bulk', 'PUT /bulk']);
  });

  test('without a time stop for longer each time', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const store = storeOf();
      api.faultOf = () => ({ status: 429 });
      const waits: number[] = [];
      for (let time = 0; time < 12; time++) {
        await failureOf(store.get('a'));
        const { retryAfter = 0 } = (await failureOf(store.get('a'))) as { retryAfter?: number };
        waits.push(retryAfter);
        vi.setSystemTime(Date.now() + retryAfter);
      }
      expect(waits).toEqual(
        [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300].map((seconds) => seconds * 1_000),
      );
      expect(api.requests).toHaveLength(12);
    } finally {
      vi.useRealTimers();
    }
  });

  test('are avoided: with few left, reads are no longer sent, and writes are', async () => {
    const store = storeOf();
    api.left = 25;
    let reads = 0;
    while (
      reads < 50 &&
      (await Promise.resolve(store.get('a')).then(
        () => true,
        () => false,
      ))
    )
      reads += 1;
    expect(reads).toBe(6);
    expect(api.left).toBe(19);
    await store.set('a', 'x', undefined);
    expect(api.values.get('a')?.value).toBe('x');
    expect(await store.health()).toEqual({ ok: true });
  });

  test('a clock that is set back keeps nobody waiting', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const store = storeOf();
      failFirst(1, LIMITED);
      await failureOf(store.get('a'));
      vi.setSystemTime(Date.now() - 86_400_000);
      await store.set('a', 'x', undefined);
      expect(await store.get('a')).toBe('x');
    } finally {
      vi.useRealTimers();
    }
  });

  test('Retry-After is seconds or a date, and never longer than ten minutes', () => {
    const now = Date.parse('Wed, 21 Oct 2026 07:28:00 GMT');
    expect(parseRetryAfter('7', now)).toBe(7_000);
    expect(parseRetryAfter('Wed, 21 Oct 2026 07:28:30 GMT', now)).toBe(30_000);
    expect(parseRetryAfter('Wed, 21 Oct 2026 07:27:30 GMT', now)).toBe(0);
    expect(parseRetryAfter('86400', now)).toBe(600_000);
    for (const nothing of [null, '', 'soon', '-']) expect(parseRetryAfter(nothing, now)).toBeUndefined();
  });

  test('pauses grow, are spread over their whole length, and are never shorter than what was asked for', async () => {
    failFirst(1, SERVER_ERROR);
    const passing = await failureOf(storeOf({ retries: 0 }).get('a'));
    const longest = (attempt: number) =>
      Math.max(...Array.from({ length: 300 }, () => pauseAfter(passing, attempt) as number));
    const shortest = Math.min(...Array.from({ length: 300 }, () => pauseAfter(passing, 3) as number));
    expect(longest(0)).toBeLessThanOrEqual(250);
    expect(longest(3)).toBeGreaterThan(1_000);
    expect(longest(3)).toBeLessThanOrEqual(2_000);
    expect(shortest).toBeLessThan(500);
    failFirst(1, { status: 503, headers: { 'retry-after': '3' } });
    const asked = await failureOf(storeOf({ retries: 0 }).get('a'));
    expect(pauseAfter(asked, 0)).toBeGreaterThanOrEqual(3_000);
    failFirst(1, { status: 503, headers: { 'retry-after': '300' } });
    expect(pauseAfter(await failureOf(storeOf({ retries: 0 }).get('a')), 0)).toBeUndefined();
    expect(pauseAfter(new Error('something else'), 0)).toBeUndefined();
  });
});

describe('close', () => {
  test('sends what waits, and the store goes on', async () => {
    const store = storeOf({ writeInterval: 600_000 });
    await store.set('first', 'x', undefined);
    const waiting = store.set('second', 'x', undefined);
    await store.close();
    expect([...api.values.keys()]).toEqual(['first', 'second']);
    await waiting;
    const later = store.set('third', 'x', undefined);
    await store.close();
    await later;
    expect(await store.get('third')).toBe('x');
    await store.close();
  });

  test('ends though the API does not answer', async () => {
    const store = storeOf({ requestTimeout: 30, retries: 2 });
    api.faultOf = () => 'hang';
    const waiting = failureOf(store.set('a', 'x', undefined));
    await store.close();
    expect((await waiting).message).toContain('did not answer');
  });
});

describe('the token', () => {
  /** All that a person or a log could be shown of something. */
  const shown = (value: unknown) =>
    [
      inspect(value, { depth: 20, showHidden: true, getters: true }),
      String(value),
      JSON.stringify(value),
      value instanceof Error ? `${value.stack}${inspect(value.cause, { depth: 20, showHidden: true })}` : '',
    ].join('\n');

  test('is in no store that is looked at', async () => {
    const store = storeOf();
    await store.set('a', 'x', undefined);
    expect(shown(store)).not.toContain(api.apiToken);
    expect(shown(store.defaultRegistry())).not.toContain(api.apiToken);
  });

  test('is in no error, though the server repeats it', async () => {
    const repeated = `Bearer ${api.apiToken} ${encodeURIComponent(api.apiToken)} ${'x'.repeat(232)}${api.apiToken}`;
    const body = JSON.stringify({ success: false, errors: [{ code: 1, message: repeated }] });
    const store = storeOf({ retries: 0, requestTimeout: 50 });
    const faults: ApiFault[] = [
      { status: 400, body },
      { status: 403, body },
      { status: 500, body },
      { status: 200, body },
      { status: 302, headers: { location: `http://127.0.0.1:1/${api.apiToken}` } },
      'reset',
      'hang',
      'cut',
      { status: 429, body, headers: { 'retry-after': '120' } },
    ];
    for (const fault of faults) {
      api.faultOf = () => fault;
      for (const call of [() => store.get('a'), () => store.set('a', 'x', 60)]) {
        const error = await failureOf(call());
        expect(error.message).toContain("Cloudflare's API");
        expect(shown(error)).not.toContain(api.apiToken);
        // Nor the beginning of one that was cut off.
        expect(shown(error)).not.toContain(api.apiToken.slice(0, 8));
      }
      expect(shown(await store.health())).not.toContain(api.apiToken);
    }
  });

  test('is in no error of a fetch that tells its arguments', async () => {
    vi.stubGlobal('fetch', (url: string, init: RequestInit) =>
      Promise.reject(Object.assign(new Error(`${url} ${inspect(init)}`, { cause: init }), { init })),
    );
    try {
      const error = await failureOf(storeOf({ retries: 0 }).get('a'));
      expect(error.message).toContain('did not answer');
      expect(shown(error)).not.toContain(api.apiToken);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test('goes to no other address', async () => {
    const other = await startCloudflareAPI();
    try {
      const location = `${other.baseUrl}/accounts/${api.accountId}/storage/kv/namespaces/${api.namespaceId}`;
      api.faultOf = () => ({ status: 307, headers: { location } });
      await failureOf(storeOf({ retries: 0 }).get('a'));
      expect(other.requests).toEqual([]);
    } finally {
      await other.stop();
    }
  });
});
