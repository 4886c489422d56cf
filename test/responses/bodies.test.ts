import { afterAll, beforeAll, expect, test } from 'vitest';
import { cachedHandler, type ResponseSite, startResponseSite } from '../support/responses.js';

let site: ResponseSite;
beforeAll(async () => {
  site = await startResponseSite();
});
afterAll(() => site?.stop());

const OUTCOME = 'x-payload-cache';

/** One that sends a piece and goes on for ever, and says when it was cancelled. */
function endless(cancelled: () => void = () => {}): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode('data: 1\n\n')),
    cancel: cancelled,
  });
}

test('Events are passed on at once, and end when the visitor goes', async () => {
  let isAborted = false;
  let isCancelled = false;
  const { ask } = cachedHandler(site, ({ signal }) => {
    signal.addEventListener('abort', () => {
      isAborted = true;
    });
    return new Response(
      endless(() => {
        isCancelled = true;
      }),
      {
        headers: { 'content-type': 'text/event-stream' },
      },
    );
  });
  const visitor = new AbortController();
  const begun = performance.now();
  const response = await ask('/events', { signal: visitor.signal });
  expect(performance.now() - begun).toBeLessThan(1_000);
  expect(response.headers.get(OUTCOME)).toBe('miss (stream)');
  const reader = response.body!.getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toBe('data: 1\n\n');
  visitor.abort();
  expect(isAborted).toBe(true);
  await reader.cancel();
  expect(isCancelled).toBe(true);
});

test('A visitor who goes takes nothing from the others', async () => {
  let signal: AbortSignal | undefined;
  const { ask, outcome } = cachedHandler(site, (request) => {
    signal = request.signal;
    return new Response('page');
  });
  const visitor = new AbortController();
  const asked = ask('/gone', { signal: visitor.signal });
  visitor.abort();
  expect(await (await asked).text()).toBe('page');
  expect(signal?.aborted).toBe(false);
  expect(await outcome('/gone')).toBe('hit');
});

test('A stream that does not end is passed on as it comes, and one that is too large in full', async () => {
  const slow = cachedHandler(site, () => new Response(endless()));
  const response = await slow.ask('/endless');
  expect(response.headers.get(OUTCOME)).toBe('miss (stream)');
  const reader = response.body!.getReader();
  expect((await reader.read()).value?.byteLength).toBe(9);
  await reader.cancel();
  const large = cachedHandler(site, () => new Response('a'.repeat(5_000)), { maxBytes: 4_999 });
  for (let time = 0; time < 2; time++) {
    const whole = await large.ask('/large');
    expect(whole.headers.get(OUTCOME)).toBe('miss (too-large)');
    expect((await whole.text()).length).toBe(5_000);
  }
});

test('A body that breaks is stored nowhere', async () => {
  let breaks = true;
  const { ask } = cachedHandler(site, () =>
    breaks
      ? new Response(new ReadableStream({ pull: (to) => to.error(new Error('broken')) }))
      : new Response('page'),
  );
  await expect(ask('/broken')).rejects.toThrow('broken');
  breaks = false;
  expect(await (await ask('/broken')).text()).toBe('page');
});

test('Bytes, compressed or not, come back as they were', async () => {
  const bytes = Uint8Array.from({ length: 300 }, (_, index) => index % 256);
  const { ask } = cachedHandler(
    site,
    () => new Response(bytes, { headers: { 'content-encoding': 'gzip', 'content-type': 'image/x' } }),
  );
  for (const outcome of ['miss', 'hit']) {
    const response = await ask('/bytes');
    expect(response.headers.get(OUTCOME)).toBe(outcome);
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
  }
});

test.each([301, 302, 308, 404])('%i is kept', async (status) => {
  const { ask } = cachedHandler(
    site,
    () =>
      new Response(status === 404 ? 'none' : null, { status, headers: { location: '/x', etag: '"own"' } }),
  );
  for (const outcome of ['miss', 'hit', 'hit']) {
    // Only of a success is it asked whether it is known.
    const response = await ask(`/${status}`, { headers: { 'if-none-match': '"own"' } });
    expect([response.status, response.headers.get(OUTCOME)]).toEqual([status, outcome]);
    expect(await response.text()).toBe(status === 404 ? 'none' : '');
  }
});

test.each([201, 203, 204, 206, 303, 304, 307, 400, 401, 403, 410, 429, 500, 503])(
  '%i is not kept',
  async (status) => {
    const { ask, asked } = cachedHandler(site, () => new Response(null, { status }));
    for (let time = 0; time < 2; time++) expect((await ask(`/${status}`)).status).toBe(status);
    expect(asked()).toBe(2);
  },
);

test('An error of the network is passed on as it is', async () => {
  const { ask } = cachedHandler(site, () => Response.error());
  expect((await ask('/error')).type).toBe('error');
});

test('HEAD is answered as the handler does, parts and CORS are left to it', async () => {
  const { ask, outcome } = cachedHandler(
    site,
    ({ method }) => new Response(method === 'HEAD' ? null : 'page'),
  );
  const page = await ask('/head');
  const head = await ask('/head', { method: 'HEAD' });
  expect(await head.text()).toBe('');
  expect([null, page.headers.get('etag')]).toContain(head.headers.get('etag'));
  expect(await outcome('/head', { headers: { range: 'bytes=0-1' } })).toBe('bypass (range)');
  const headers = { origin: 'http://x.example', 'access-control-request-method': 'GET' };
  expect(await outcome('/head', { method: 'OPTIONS', headers })).toBe('bypass (method)');
});

test('A stream of text, which some servers send all the same, is passed on', async () => {
  const { ask } = cachedHandler(site, () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue('some ');
        controller.enqueue('text');
        controller.close();
      },
    });
    return new Response(body);
  });
  const response = await ask('/text');
  expect(response.headers.get(OUTCOME)).toBe('miss (stream)');
  const reader = (response.body as ReadableStream<unknown>).getReader();
  expect([(await reader.read()).value, (await reader.read()).value]).toEqual(['some ', 'text']);
});
