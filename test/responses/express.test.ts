import { request as ask, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import compression from 'compression';
import express, { type Express } from 'express';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { memory, payloadKV, settleCache } from '../../src/runtime/index.js';
import { expressCache, type MiddlewarePolicy } from '../../src/runtime/responses.js';
import { type Started, startBlog } from '../support/payload.js';

let site: Started;
let server: Server | undefined;
let address: string;
let asked: number;

beforeEach(async () => {
  site = await startBlog({ plugins: [payloadKV({ store: memory() })], seed: 4 });
  asked = 0;
});
afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  await site.stop();
});

async function serve(routes: (app: Express) => void, policy: MiddlewarePolicy = {}): Promise<void> {
  const app = express();
  app.use(compression({ threshold: 0 }));
  app.use(expressCache({ outcomeHeader: true, payload: site.payload, ...policy }));
  app.use((_request, _response, next) => {
    asked += 1;
    next();
  });
  routes(app);
  await new Promise<void>((resolve) => {
    server = app.listen(0, '127.0.0.1', () => resolve());
  });
  address = `http://127.0.0.1:${(server!.address() as AddressInfo).port}`;
}

async function get(path: string, init?: RequestInit): Promise<Response & { outcome: string | null }> {
  const response = await fetch(address + path, init);
  await settleCache(site.payload);
  return Object.assign(response, { outcome: response.headers.get('x-payload-cache') });
}

test('what a route has read of Payload is answered from the cache until it is written', async () => {
  await serve((app) => {
    app.get('/posts', async (request, response) => {
      const limit = Number(request.query.limit ?? 2);
      const { docs } = await site.payload.find({ collection: 'posts', limit, sort: 'id', depth: 0 });
      response.status(200).set('X-Own', 'yes').json(docs);
    });
  });
  const first = await get('/posts');
  expect(first.outcome).toBe('miss');
  const second = await get('/posts');
  expect(second.outcome).toBe('hit');
  expect(second.headers.get('x-own')).toBe('yes');
  expect(second.headers.get('content-encoding')).toBe('gzip');
  const docs = (await second.json()) as { id: number }[];
  expect(docs).toEqual(await first.json());
  expect((await get('/posts?limit=1')).outcome).toBe('miss');
  // The ETag that Express has made of it.
  const etag = second.headers.get('etag')!;
  expect((await get('/posts', { headers: { 'if-none-match': etag } })).status).toBe(304);
  expect(asked).toBe(2);
  await site.payload.update({ collection: 'posts', id: docs[0]!.id, data: { title: 'New' } });
  const third = await get('/posts');
  expect(third.outcome).toBe('miss');
  expect(await third.text()).toContain('"New"');
  expect((await get('/posts', { headers: { cookie: 'session=1' } })).outcome).toBe('bypass (cookie)');
});

test('what a route reads of headers is part of the key', async () => {
  await serve((app) => {
    app.get('/one', (request, response) => void response.send(`tenant ${request.get('x-tenant')}`));
    app.get('/all', (request, response) => void response.send(JSON.stringify({ ...request.headers })));
    app.get('/raw', (request, response) => void response.send(String(request.rawHeaders.length > 0)));
    app.get('/ip', (request, response) => void response.send(request.ip));
  });
  const of = (tenant: string) => get('/one', { headers: { 'x-tenant': tenant } });
  await of('a');
  await of('a');
  expect((await of('a')).outcome).toBe('hit');
  const other = await of('b');
  expect(other.outcome).toBe('miss');
  expect(await other.text()).toBe('tenant b');
  for (const path of ['/all', '/raw', '/ip'])
    for (let time = 0; time < 3; time++) expect((await get(path)).outcome).toBe('miss (request-read)');
});

test('what is streamed comes as it is, and small enough is kept', async () => {
  const text = 'x'.repeat(200_000);
  await serve(
    (app) => {
      app.get('/small', (_request, response) => {
        response.type('text/plain');
        Readable.from(['one ', 'two ', 'three']).pipe(response);
      });
      app.get('/large', (_request, response) => {
        response.type('text/plain');
        Readable.from(Array.from({ length: 20 }, () => text)).pipe(response);
      });
      app.get('/events', (_request, response) => {
        response.set('content-type', 'text/event-stream');
        response.write('data: 1\n\n');
        setTimeout(() => response.end('data: 2\n\n'), 50);
      });
      app.get('/head', (_request, response) => {
        response.writeHead(200, 'Fine', { 'content-type': 'text/plain', 'x-own': '1' });
        response.end('head');
      });
      app.get('/cookie', (_request, response) => void response.cookie('a', '1').send('cookie'));
      app.get('/broken', () => {
        throw new Error('broken');
      });
    },
    { maxBytes: 100_000 },
  );
  for (const [path, body, outcomes] of [
    ['/small', 'one two three', ['miss', 'hit']],
    ['/large', text.repeat(20), ['miss (too-large)', 'miss (too-large)']],
    ['/events', 'data: 1\n\ndata: 2\n\n', ['miss (stream)', 'miss (stream)']],
    ['/head', 'head', ['miss', 'hit']],
    ['/cookie', 'cookie', ['miss (set-cookie)', 'miss (set-cookie)']],
  ] as const) {
    for (const outcome of outcomes) {
      const response = await get(path);
      expect([path, response.outcome]).toEqual([path, outcome]);
      expect(await response.text()).toBe(body);
    }
  }
  expect((await get('/cookie')).headers.getSetCookie()).toEqual(['a=1; Path=/']);
  expect((await get('/head')).headers.get('x-own')).toBe('1');
  const broken = await get('/broken');
  expect(broken.status).toBe(500);
  expect(broken.outcome).toBe('miss (status)');
  expect((await get('/nothing')).status).toBe(404);
  expect((await get('/small', { method: 'POST' })).status).toBe(404);
  expect((await get('/small', { method: 'HEAD' })).headers.get('content-type')).toMatch(/^text\/plain/);
});

test('a visitor who goes away ends nothing for others', async () => {
  let go: () => void = () => {};
  await serve((app) => {
    app.get('/slow', async (_request, response) => {
      await new Promise<void>((resolve) => {
        go = resolve;
      });
      response.send('slow');
    });
  });
  const controller = new AbortController();
  const left = get('/slow', { signal: controller.signal }).catch((error: Error) => error.name);
  await expect.poll(() => asked).toBe(1);
  controller.abort();
  expect(await left).toBe('AbortError');
  // It may be asked once more, or share what the first had begun.
  const again = get('/slow');
  const going = setInterval(() => go(), 20);
  expect(await (await again).text()).toBe('slow');
  clearInterval(going);
});

/** With a request target as it is, which `fetch` would put in order. */
function getRaw(path: string): Promise<number | undefined> {
  const { port } = server!.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const asking = ask({ port, host: '127.0.0.1', path }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
    });
    asking.once('error', reject).end();
  });
}

test('an address that is another in the eyes of the routes has a response of its own', async () => {
  await serve((app) => void app.get('/one', (_request, response) => void response.send('one')));
  const { host } = new URL(address);
  for (const path of ['/none/../one', `//${host}/one`, `/\\${host}/one`, '/\\one', '/%2e/one']) {
    expect([path, await getRaw(path)]).toEqual([path, 404]);
    await settleCache(site.payload);
  }
  expect((await get('/one')).status).toBe(200);
});

test('what is read of headers after the first byte is part of the key', async () => {
  await serve((app) => {
    app.get('/late', (request, response) => {
      response.write('tenant ');
      setTimeout(() => response.end(request.get('x-tenant')), 20);
    });
  });
  for (const tenant of ['a', 'a', 'b', 'a'])
    expect(await (await get('/late', { headers: { 'x-tenant': tenant } })).text()).toBe(`tenant ${tenant}`);
});

test('what breaks off half-way is not made whole by an error page', async () => {
  await serve((app) => {
    app.get('/half', (_request, response, next) => {
      response.write('half');
      setTimeout(() => next(new Error('broken')), 20);
    });
    app.use((_error: unknown, _request: unknown, response: any, _next: unknown) => {
      response.status(500).json({ error: 'broken' });
    });
  });
  for (let time = 0; time < 2; time++) await expect(get('/half').then((it) => it.text())).rejects.toThrow();
  expect(asked).toBe(2);
});

test('who writes on after the visitor has gone is not thrown at', async () => {
  let wrote: unknown;
  await serve((app) => {
    app.get('/events', (_request, response) => {
      response.set('content-type', 'text/event-stream');
      response.write('data: 1\n\n');
      response.once('close', () =>
        setTimeout(() => {
          try {
            wrote = response.write('data: 2\n\n');
            response.end();
          } catch (error) {
            wrote = error;
          }
        }, 10),
      );
    });
  });
  const controller = new AbortController();
  const { body } = await get('/events', {
    signal: controller.signal,
    headers: { 'accept-encoding': 'identity' },
  });
  await body!.getReader().read();
  controller.abort();
  await expect.poll(() => wrote).toBe(false);
});

test('an old response is not sent while those behind answer with the same connection', async () => {
  await serve(
    (app) => {
      app.get('/count', async (_request, response) => {
        const { totalDocs } = await site.payload.count({ collection: 'posts' });
        response.set('x-count', String(totalDocs)).send(`count ${totalDocs}`);
      });
    },
    { ttl: '1s', swr: '1h' } as object,
  );
  await get('/count');
  expect((await get('/count')).outcome).toBe('hit');
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  const next = await get('/count');
  expect([next.outcome, next.headers.get('x-count'), await next.text()]).toEqual(['miss', '4', 'count 4']);
});

test('what is piped through what compresses is not held up', async () => {
  const text = 'x'.repeat(40_000);
  await serve((app) => {
    app.get('/piped', (_request, response) => {
      response.type('text/plain');
      Readable.from(Array.from({ length: 10 }, () => text)).pipe(response);
    });
  });
  expect(await (await get('/piped')).text()).toBe(text.repeat(10));
  expect((await get('/piped')).outcome).toBe('hit');
});

test('headers in a list are those that they are', async () => {
  await serve((app) => {
    app.get('/flat', (_request, response) => {
      response.writeHead(200, ['content-type', 'text/plain', 'x-own', '1', 'x-own', '2']).end('flat');
    });
  });
  for (const outcome of ['miss', 'hit']) {
    const response = await get('/flat');
    expect([response.outcome, response.headers.get('x-own'), response.headers.get('content-type')]).toEqual([
      outcome,
      '1, 2',
      'text/plain',
    ]);
  }
});

test('what is said of a request in front of the cache is said of that request', async () => {
  let number = 0;
  const app = express();
  app.use((request, response, next) => {
    number += 1;
    response.set('x-request-id', `${request.get('x-visitor')} ${number}`);
    if (request.path === '/private') response.set('cache-control', 'private');
    next();
  });
  app.use(expressCache({ outcomeHeader: true, payload: site.payload }));
  app.get('*path', (_request, response) => void response.send('same'));
  await new Promise<void>((resolve) => {
    server = app.listen(0, '127.0.0.1', () => resolve());
  });
  address = `http://127.0.0.1:${(server!.address() as AddressInfo).port}`;
  for (const [visitor, outcome] of [
    ['a', 'miss'],
    ['b', 'hit'],
  ] as const) {
    const response = await get('/open', { headers: { 'x-visitor': visitor } });
    expect(response.outcome).toBe(outcome);
    expect(response.headers.get('x-request-id')).toBe(`${visitor} ${number}`);
  }
  for (let time = 0; time < 2; time++) expect((await get('/private')).outcome).toBe('miss (cache-control)');
});

test('what answered before is sent in the place of an error, with nothing of it', async () => {
  let fails = false;
  await serve(
    (app) => {
      app.get('/failing', (_request, response) => {
        if (!fails) return void response.send('page');
        response.writeHead(503, 'Out of order', { 'retry-after': '5' });
        response.write('out of ');
        setTimeout(() => response.end('order'), 20);
      });
      app.get('/throwing', (_request, response) => {
        if (fails) throw new Error('broken');
        response.send('page');
      });
    },
    { ttl: '1s', staleIfError: '1h' },
  );
  for (const path of ['/failing', '/throwing']) {
    fails = false;
    await get(path);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    fails = true;
    for (let time = 0; time < 2; time++) {
      const old = await get(path);
      expect([old.status, old.statusText, old.outcome, await old.text()]).toEqual([
        200,
        'OK',
        'stale',
        'page',
      ]);
      expect(old.headers.get('retry-after')).toBeNull();
    }
  }
});

test.each([undefined, []])('what is compressed behind it is not held up (headers: %j)', async (headers) => {
  const text = 'x'.repeat(100_000);
  await serve(
    (app) => {
      app.use(compression({ threshold: 0 }));
      app.get('/flushed', async (_request, response) => {
        const count = (await site.payload.count({ collection: 'posts' })).totalDocs;
        response.type('text/plain');
        // As Next does it.
        const drained = new Promise<void>((resolve) => void response.on('drain', () => resolve()));
        response.flushHeaders();
        if (!response.write(text)) await drained;
        response.write(String(count));
        response.end(text);
      });
    },
    { ...(headers && { headers }) },
  );
  for (const outcome of ['miss', 'hit', 'hit']) {
    const response = await get('/flushed');
    // Whether it is compressed there is read of the request where that is not closed.
    if (headers) expect(response.outcome).toBe(outcome);
    expect(await response.text()).toBe(`${text}4${text}`);
  }
});
