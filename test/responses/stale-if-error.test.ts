import * as graphql from 'graphql';
import type { Config } from 'payload';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { settleCache } from '../../src/runtime/index.js';
import type { ResponsePolicy } from '../../src/runtime/responses.js';
import type { Adapter } from '../support/payload.js';
import { cachedHandler, type ResponseSite, responseCounts, startResponseSite } from '../support/responses.js';

const OUTCOME = 'x-payload-cache';

let site: ResponseSite;
/** What the database throws. */
let failure: Error | undefined;

const failing = (adapter: Adapter): Adapter => {
  const { find } = adapter;
  return Object.assign(adapter, {
    find(this: unknown, ...args: Parameters<typeof find>) {
      if (failure) throw failure;
      return find.apply(this as Adapter, args);
    },
  });
};

const silent = (config: Config): Config => ({ ...config, logger: { options: { level: 'silent' } } });

const start = async (policy: ResponsePolicy): Promise<void> => {
  site = await startResponseSite({
    policy: { ttl: '10s', ...policy },
    // Or the queries of the handler would be answered all the same.
    options: { ttl: '10s' },
    blog: { seed: 3, wrapAdapter: failing, configure: silent },
  });
};

const pass = (seconds: number): void => void vi.setSystemTime(Date.now() + seconds * 1000);

beforeEach(() => {
  failure = undefined;
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await site?.stop();
});

describe("a REST API of Payload's whose database throws", () => {
  test('is answered by what it answered before, for so long, and anew when the database is back', async () => {
    await start({ staleIfError: '1h' });
    const path = '/posts?limit=2&depth=0&sort=id';
    const first = await site.get(path);
    const body = await first.text();
    pass(11);
    failure = new Error('too many connections');
    expect((await site.bare(path)).status).toBe(500);
    for (let time = 0; time < 2; time++) {
      const old = await site.get(path);
      expect([old.status, old.headers.get(OUTCOME), await old.text()]).toEqual([200, 'stale', body]);
      expect(Number(old.headers.get('age'))).toBeGreaterThanOrEqual(11);
    }
    const known = await site.get(path, { headers: { 'if-none-match': first.headers.get('etag')! } });
    expect([known.status, known.headers.get(OUTCOME)]).toEqual([304, 'stale']);
    expect(responseCounts(site)).toMatchObject({ servedStale: 3 });
    // Who asks for nothing old gets nothing old.
    const asked = await site.get(path, { headers: { 'cache-control': 'no-cache' } });
    expect([asked.status, asked.headers.get(OUTCOME)]).toEqual([500, 'miss (status)']);

    failure = undefined;
    expect(await site.outcome(path)).toBe('miss');
    expect(await site.outcome(path)).toBe('hit');
    pass(3_700);
    failure = new Error('too many connections');
    const late = await site.get(path);
    expect([late.status, late.headers.get(OUTCOME)]).toEqual([500, 'miss (status)']);
  });

  test('passes its error on as it is where nothing old may be served, and keeps none', async () => {
    await start({});
    const path = '/posts?limit=2&depth=0';
    await site.get(path);
    pass(11);
    failure = new Error('too many connections');
    const bare = await site.bare(path);
    for (let time = 0; time < 2; time++) {
      const asked = site.asked();
      const response = await site.get(path);
      expect([response.status, response.headers.get(OUTCOME)]).toEqual([500, 'miss (status)']);
      expect(await response.text()).toBe(await bare.clone().text());
      expect(site.asked()).toBe(asked + 1);
    }
    failure = undefined;
    expect((await site.get(path)).status).toBe(200);
  });

  test('is not asked for what it never answered', async () => {
    await start({ staleIfError: '1h' });
    failure = new Error('too many connections');
    const response = await site.get('/posts?limit=1');
    expect([response.status, response.headers.get(OUTCOME)]).toEqual([500, 'miss (status)']);
  });
});

describe('a handler', () => {
  /** Answers first with a page, and then with this. */
  const twice = (policy: ResponsePolicy, then: () => Response) => {
    let isFirst = true;
    return cachedHandler(
      site,
      () => {
        const response = isFirst ? Response.json({ data: { page: 1 } }) : then();
        isFirst = false;
        return response;
      },
      { ttl: '10s', ...policy },
    );
  };
  /** That goes on until it is cancelled. */
  const endless = (cancelled: () => void): ReadableStream<Uint8Array> =>
    new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('some')),
      cancel: cancelled,
    });

  test('whose error is not sent has what it is still sending of it cancelled', async () => {
    await start({});
    const cancelled = vi.fn();
    const { ask } = twice(
      { staleIfError: '1h' },
      () => new Response(endless(cancelled), { status: 503, headers: { 'retry-after': '5' } }),
    );
    await ask('/page');
    pass(11);
    const old = await ask('/page');
    expect([old.status, old.headers.get(OUTCOME), old.headers.get('retry-after')]).toEqual([
      200,
      'stale',
      null,
    ]);
    expect(cancelled).toHaveBeenCalledOnce();
  });

  test.each([404, 429])('that answers %i has not failed', async (status) => {
    await start({});
    const { ask } = twice({ staleIfError: '1h' }, () => new Response(null, { status }));
    await ask('/page');
    pass(11);
    expect((await ask('/page')).status).toBe(status);
  });

  test.each([
    ['of the server', 500, 'stale'],
    ['of who asks', 403, 'miss (errors)'],
  ])('of GraphQL whose errors are %s, in a response of status 200', async (_, statusCode, outcome) => {
    await start({});
    const { ask } = twice({ staleIfError: '1h', graphql }, () =>
      // As Payload's route has it.
      Response.json({ data: { page: null }, errors: [{ message: 'x', extensions: { statusCode } }] }),
    );
    const body = JSON.stringify({ query: '{ page }' });
    const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
    const init = { method: 'POST', body, headers };
    await ask('/graphql', init);
    pass(11);
    const second = await ask('/graphql', init);
    expect(second.headers.get(OUTCOME)).toBe(outcome);
    expect(await second.json()).toMatchObject({ data: { page: outcome === 'stale' ? 1 : null } });
  });

  test.each([
    ['an error', { status: 500 }],
    ['events', { headers: { 'content-type': 'text/event-stream' } }],
    ['what is not to be kept', { headers: { 'cache-control': 'no-store' } }],
  ])('that answers with %s in the background has it cancelled', async (_, init) => {
    await start({});
    const cancelled = vi.fn();
    const { ask, asked } = twice({ swr: '1h' }, () => new Response(endless(cancelled), init));
    await ask('/page');
    pass(11);
    expect((await ask('/page')).headers.get(OUTCOME)).toBe('stale');
    await settleCache(site.payload);
    expect(asked()).toBe(2);
    expect(cancelled).toHaveBeenCalledOnce();
  });
});
