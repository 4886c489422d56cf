import type { Payload } from 'payload';
import { afterEach, expect, test, vi } from 'vitest';
import {
  type CacheEvent,
  cached,
  invalidateCache,
  memory,
  namespace,
  type PayloadKVOptions,
  payloadKV,
  settleCache,
} from '../../src/runtime/index.js';
import { withResponseCache } from '../../src/runtime/responses.js';
import { tiered } from '../../src/stores/tiered.js';
import { collectLog } from '../runtime/logged.js';
import { type Started, startBlog } from '../support/payload.js';

let site: Started | undefined;
let payload: Payload;
const log = collectLog();
afterEach(async () => {
  vi.useRealTimers();
  await site?.stop();
  site = undefined;
});

async function start(options: Partial<PayloadKVOptions>): Promise<void> {
  site = await startBlog({
    plugins: [payloadKV({ store: memory(), ...options })],
    seed: 1,
    configure: log.configure,
  });
  ({ payload } = site);
  log.clear();
}

/** Lets the clock stand still, until it is told. */
function stopClock(): void {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
}

const answers = (options: object) => ({ rateLimit: { namespaces: { answers: options } } });

function asking(options: object = {}) {
  const runs = { count: 0 };
  const ask = (question: unknown) =>
    cached(() => `${question}: ${++runs.count}`, {
      key: [question],
      namespace: 'answers',
      payload,
      ...options,
    });
  return { runs, ask };
}

test('Beyond the limit a function is not run: a hit is served, else it is said when to try again', async () => {
  await start(answers({ run: { perMinute: 6, burst: 2 } }));
  stopClock();
  const { runs, ask } = asking();
  await ask('a');
  await ask('b');
  await expect(ask('c')).rejects.toMatchObject({
    code: 'RATE_LIMITED',
    retryAfter: 10,
    nextStep: expect.stringContaining('10 s'),
  });
  await settleCache(payload);
  expect(await ask('a')).toBe('a: 1');
  expect(await cached(() => 'other', { key: ['c'], namespace: 'others', payload })).toBe('other');
  vi.advanceTimersByTime(10_000);
  expect(await ask('c')).toBe('c: 3');
  expect(runs.count).toBe(3);
  expect(namespace('answers', { payload }).stats()?.limited).toEqual({ run: 1 });
  // What was asked for is no fault.
  expect(log.lines()).toEqual([]);
});

test('Who waits for another’s run takes nothing', async () => {
  await start(answers({ run: { perMinute: 1 } }));
  const { runs, ask } = asking();
  expect(await Promise.all([ask('a'), ask('a'), ask('a')])).toEqual(['a: 1', 'a: 1', 'a: 1']);
  expect(runs.count).toBe(1);
});

test('An old answer is served where the graces let it, and nothing is run for it', async () => {
  const events: CacheEvent[] = [];
  for (const grace of [{ staleIfError: 3_600 }, { swr: 3_600 }]) {
    // Before the site takes hold of the clock.
    stopClock();
    await start({
      ...answers({ run: { perMinute: 0.1, burst: 1 } }),
      ttlJitter: 0,
      onEvent: (event) => void events.push(event),
    });
    const { runs, ask } = asking({ ttl: 10, ...grace });
    await ask('a');
    await settleCache(payload);
    vi.advanceTimersByTime(20_000);
    expect(await ask('a')).toBe('a: 1');
    await settleCache(payload);
    expect(runs.count).toBe(1);
    await expect(ask('b')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    // Nothing that the graces do not let be served.
    await invalidateCache(payload, { namespace: 'answers' });
    await expect(ask('a')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(log.lines()).toEqual([]);
    vi.useRealTimers();
    await site?.stop();
    site = undefined;
  }
  expect(events.filter(({ type }) => type === 'served-stale').map(({ reason }) => reason)).toEqual([
    'error',
    'swr',
  ]);
});

test('Runs that bypass the cache are bounded as well', async () => {
  await start({ ...answers({ run: { perMinute: 1 } }), access: { read: false } });
  const { runs, ask } = asking();
  await ask('a');
  await expect(ask('a')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  expect(runs.count).toBe(1);
});

test('Entries beyond the limit are not written to the store, and are in this process all the same', async () => {
  const near = memory();
  const written: string[] = [];
  const far = memory();
  const store = tiered(near, {
    ...far,
    local: false,
    set: (...args) => {
      written.push(args[0]);
      return far.set(...args);
    },
  });
  await start({ ...answers({ write: { perMinute: 2 } }), store });
  const { runs, ask } = asking();
  for (const key of ['a', 'b', 'c']) await ask(key);
  await settleCache(payload);
  expect(written.filter((key) => key.includes('answers'))).toHaveLength(2);
  expect([await ask('a'), await ask('c'), runs.count]).toEqual(['a: 1', 'c: 3', 3]);
  expect(namespace('answers', { payload }).stats()).toMatchObject({ limited: { write: 1 }, writes: 2 });
});

test('A value that may not be written now is not stored, and the one before is gone', async () => {
  await start(answers({ write: { perMinute: 1 } }));
  const values = namespace('answers', { payload });
  await values.set(['a'], 1);
  await settleCache(payload);
  expect(await values.get(['a'])).toEqual({ value: 1 });
  await values.set(['a'], 2);
  await settleCache(payload);
  expect(await values.get(['a'])).toBeUndefined();
});

test('Purges beyond the limit are refused', async () => {
  await start(answers({ purge: { perMinute: 3 } }));
  const { ask, runs } = asking();
  const values = namespace('answers', { payload });
  await values.clear();
  await values.delete(['x']);
  await invalidateCache(payload, { namespace: 'answers' });
  await ask('a');
  await settleCache(payload);
  for (const purge of [
    () => values.clear(),
    () => values.delete(['a']),
    () => invalidateCache(payload, { namespace: 'answers' }),
  ])
    await expect(purge()).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfter: 20 });
  await ask('a');
  expect(runs.count).toBe(1);
  expect(values.stats()?.limited).toEqual({ purge: 3 });
});

test('The response cache answers 429, with the seconds to wait', async () => {
  await start({ rateLimit: { namespaces: { 'http responses': { run: { perMinute: 2 } } } } });
  const handle = withResponseCache(async (_request: Request) => Response.json({ ok: true }), { payload });
  const get = (path: string) => handle(new Request(`http://site.test${path}`));
  expect([(await get('/a')).status, (await get('/b')).status]).toEqual([200, 200]);
  const refused = await get('/c');
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '30']);
});

test('What cannot be a limit is refused at start', () => {
  for (const rateLimit of [
    {},
    { answers: {} },
    { namespaces: { answers: { runs: { perMinute: 1 } } } },
    { namespaces: { answers: { run: 5 } } },
    { namespaces: { answers: { run: { perMinute: 0 } } } },
    { namespaces: { answers: { run: { perMinute: 5, burst: 0 } } } },
    { namespaces: { answers: { run: { perMinute: Number.POSITIVE_INFINITY } } } },
  ])
    expect(() => payloadKV({ store: memory(), rateLimit: rateLimit as never })).toThrow(
      expect.objectContaining({ code: 'INVALID_POLICY', message: expect.stringContaining('rateLimit') }),
    );
});
