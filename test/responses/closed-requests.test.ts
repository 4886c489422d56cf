import { request as ask, type IncomingHttpHeaders, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import express, { type Express } from 'express';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { memory, payloadKV, settleCache } from '../../src/runtime/index.js';
import { expressCache, type MiddlewarePolicy } from '../../src/runtime/responses.js';
import { type Started, startBlog } from '../support/payload.js';

let site: Started;
let server: Server | undefined;
let port: number;
let asked: number;

beforeAll(async () => {
  site = await startBlog({ plugins: [payloadKV({ store: memory() })], seed: 2 });
});
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});
afterAll(() => site?.stop());

/** Each server with another namespace of addresses, since all share one site. */
let number = 0;

async function serve(
  policy: MiddlewarePolicy,
  routes: (app: Express) => void,
  before: (app: Express) => void = () => {},
): Promise<void> {
  asked = 0;
  number += 1;
  const app = express();
  before(app);
  app.use(expressCache({ outcomeHeader: true, payload: site.payload, ...policy }));
  app.use((_request, _response, next) => {
    asked += 1;
    next();
  });
  routes(app);
  await new Promise<void>((resolve) => {
    server = app.listen(0, '127.0.0.1', () => resolve());
  });
  port = (server!.address() as AddressInfo).port;
}

interface Answer {
  status: number | undefined;
  outcome: string | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

/** With headers as they are, which `fetch` would not send. */
function get(path: string, headers: Record<string, string | string[]> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const own = path + (path.includes('?') ? '&' : '?') + number;
    const asking = ask(
      { port, host: '127.0.0.1', path: own, method, headers: { host: 'site.example', ...headers } },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          body += chunk;
        });
        response.once('error', reject);
        response.once('end', async () => {
          await settleCache(site.payload);
          const outcome = response.headers['x-payload-cache'] as string;
          resolve({ status: response.statusCode, outcome, headers: response.headers, body });
        });
      },
    );
    asking.once('error', reject).end();
  });
}

const titles = async (): Promise<string[]> => {
  const { docs } = await site.payload.find({ collection: 'posts', depth: 0, sort: 'id' });
  return docs.map(({ title }) => String(title));
};

/** All that a route may find out about who asks, at whatever place. */
function all(request: express.Request, response: express.Response): Record<string, unknown> {
  const own = (name: string): unknown => Reflect.get(request, name);
  const sockets = [request.socket, request.connection, own('client'), response.socket, response.connection];
  return {
    url: request.originalUrl,
    copied: { ...request.headers },
    raw: request.rawHeaders,
    distinct: { ...request.headersDistinct },
    trailers: [request.trailers, request.rawTrailers, request.trailersDistinct],
    version: [request.httpVersion, request.httpVersionMajor, request.httpVersionMinor],
    addresses: sockets.map((socket) => {
      const { remoteAddress, remotePort, _peername, _handle } = socket as unknown as Record<string, unknown>;
      return [remoteAddress, remotePort, _peername, typeof _handle, Object.keys(socket ?? {}).length > 0];
    }),
    chained: request.socket.once('close', () => {}).setNoDelay().remoteAddress,
    ip: [request.ip ?? null, request.ips],
    host: [request.host, request.hostname, request.protocol, request.secure, request.subdomains],
    language: request.acceptsLanguages(),
    isXhr: request.xhr,
  };
}

const everything = (app: Express): void => {
  app.get('*path', async (request, response) => {
    response.json({ titles: await titles(), all: all(request, response) });
  });
};

/** What a visitor may send to be answered otherwise, or to have others be. */
const HOSTILE: Record<string, string | string[]> = {
  'x-forwarded-host': 'evil.example',
  'x-forwarded-for': '6.6.6.6',
  'x-forwarded-proto': 'https',
  'x-forwarded-port': '666',
  'x-forwarded-prefix': '/evil',
  'x-real-ip': '6.6.6.6',
  'x-original-url': '/admin',
  'x-rewrite-url': '/admin',
  'x-invoke-path': '/admin',
  'x-matched-path': '/admin',
  'x-vercel-ip-country': 'DE',
  'cf-connecting-ip': '6.6.6.6',
  'accept-language': 'xx',
  'accept-encoding': 'br',
  'user-agent': 'evil',
  'x-requested-with': 'XMLHttpRequest',
  'x-custom': ['one', 'two'],
  accept: 'text/evil',
  cookie: '_ga=evil',
  forwarded: 'for=6.6.6.6;host=evil.example',
  origin: 'http://evil.example',
  purpose: 'prefetch',
  referer: 'http://evil.example/',
  'service-worker': 'script',
};

test.each([false, true])(
  'those behind see nothing that is not part of the key (trust proxy: %s)',
  async (trust) => {
    await serve({ headers: ['X-Tenant'] }, everything, (app) => app.set('trust proxy', trust));
    const first = await get('/all', { ...HOSTILE, 'x-tenant': 'a' });
    expect(first.outcome).toBe('miss');
    const { all: seen } = JSON.parse(first.body) as { all: Record<string, unknown> };
    expect(seen).toEqual({
      url: `/all?${number}`,
      copied: { host: 'site.example', 'x-tenant': 'a' },
      raw: ['host', 'site.example', 'x-tenant', 'a'],
      distinct: { host: ['site.example'], 'x-tenant': ['a'] },
      trailers: [{}, [], {}],
      version: ['1.1', 1, 1],
      addresses: Array.from({ length: 5 }, () => [null, null, null, 'undefined', false]),
      ip: [null, []],
      host: ['site.example', 'site.example', 'http', false, []],
      language: ['*'],
      isXhr: false,
    });
    expect(first.body).not.toMatch(/evil|6\.6\.6\.6|127\.0\.0\.1/);
    const second = await get('/all', { 'x-tenant': 'a' });
    expect([second.outcome, second.body]).toEqual(['hit', first.body]);
    const other = await get('/all', { ...HOSTILE, 'x-tenant': 'b' });
    expect([other.outcome, JSON.parse(other.body).all.copied['x-tenant']]).toEqual(['miss', 'b']);
    expect(asked).toBe(2);
  },
);

test('a host in another spelling has a response of its own', async () => {
  await serve({ headers: [] }, everything);
  for (const host of ['site.example', 'SITE.example', 'site.example:80', 'evil.example']) {
    const { outcome, body } = await get('/host', { host });
    expect([host, outcome, JSON.parse(body).all.copied.host]).toEqual([host, 'miss', host]);
  }
  // One that is none is left to those behind.
  expect((await get('/host', { host: 'a@site.example' })).outcome).toBeUndefined();
});

test('a header that is there twice is one, and the same as both in one', async () => {
  await serve({ headers: ['x-tenant'] }, everything);
  const first = await get('/twice', { 'x-tenant': ['a', 'b'] });
  const second = await get('/twice', { 'x-tenant': 'a, b' });
  expect([second.outcome, second.body]).toEqual(['hit', first.body]);
  expect((await get('/twice', { 'x-tenant': 'a,b' })).outcome).toBe('miss');
});

test('what signs somebody in, and what asks for more, is passed on with all that it has', async () => {
  await serve({ headers: ['x-tenant'], credentialHeaders: ['x-badge'] }, everything);
  await get('/all');
  for (const [reason, headers] of [
    ['credentials', { authorization: 'Bearer x' }],
    ['credentials', { 'x-badge': '1' }],
    ['cookie', { cookie: 'payload-token=x' }],
    ['cookie', { cookie: '__prerender_bypass=x; __next_preview_data=y' }],
    ['cookie', { cookie: '_ga=1; session=x' }],
    ['header', { rsc: '1', 'next-router-state-tree': 'x' }],
    ['header', { 'next-action': 'abc' }],
    ['header', { 'next-router-prefetch': '1' }],
    ['header', { 'x-nextjs-data': '1' }],
    ['header', { 'x-middleware-prefetch': '1' }],
    ['header', { 'x-prerender-revalidate': 'x' }],
    ['header', { upgrade: 'h2c', connection: 'Upgrade' }],
    ['range', { range: 'bytes=0-1' }],
    ['method', { 'x-http-method-override': 'DELETE' }],
  ] as const) {
    const { outcome, body } = await get('/all', { ...HOSTILE, ...headers } as Record<string, string>);
    expect([headers, outcome]).toEqual([headers, `bypass (${reason})`]);
    const { all: seen } = JSON.parse(body) as {
      all: { copied: object; addresses: unknown[][]; raw: string[] };
    };
    expect(seen.copied).toMatchObject({
      ...headers,
      'x-forwarded-host': 'evil.example',
      'user-agent': 'evil',
    });
    expect(seen.raw).toContain('x-real-ip');
    expect(seen.addresses[0]?.[0]).toBe('127.0.0.1');
  }
  expect((await get('/all')).outcome).toBe('hit');
});

test('a body, and trailers behind it, are passed on', async () => {
  await serve({ headers: [] }, everything);
  await get('/all');
  const answer = await new Promise<string>((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.once('close', () => resolve(text));
    socket.write(
      `GET /all?${number} HTTP/1.1\r\nHost: site.example\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n1\r\na\r\n0\r\nX-T: evil\r\n\r\n`,
    );
  });
  expect(answer).toContain('X-T');
  expect(answer).not.toContain('x-payload-cache');
});

test('what has read nothing of Payload is not kept, nor what depends on a header that is not listed', async () => {
  await serve({ headers: ['x-tenant'] }, (app) => {
    app.get('/static', (_request, response) => void response.send('static'));
    app.get('/vary', async (_request, response) => {
      response.vary('Accept-Language').json(await titles());
    });
    // As Next says it of each of its pages.
    app.get('/next', async (_request, response) => {
      response.vary(
        'rsc, next-router-state-tree, next-router-prefetch, Accept-Encoding, Cookie, Authorization',
      );
      response.vary('X-Tenant').json(await titles());
    });
  });
  for (let time = 0; time < 2; time++) {
    expect((await get('/static')).outcome).toBe('miss (untracked)');
    expect((await get('/vary')).outcome).toBe('miss (vary)');
  }
  expect((await get('/next')).outcome).toBe('miss');
  expect((await get('/next')).outcome).toBe('hit');
});

test('a write makes it stale, and who has it gets 304', async () => {
  await serve({ headers: [] }, (app) => {
    app.get('/titles', async (_request, response) => void response.json(await titles()));
  });
  const first = await get('/titles');
  const etag = first.headers.etag!;
  const known = await get('/titles', { 'if-none-match': etag });
  expect([known.status, known.body, known.outcome]).toEqual([304, '', 'hit']);
  const { docs } = await site.payload.find({ collection: 'posts', limit: 1 });
  await site.payload.update({ collection: 'posts', id: docs[0]!.id, data: { title: `New ${number}` } });
  const second = await get('/titles', { 'if-none-match': etag });
  expect([second.status, second.outcome]).toEqual([200, 'miss']);
  expect(second.body).toContain(`New ${number}`);
});

test('after the response the request is what it was, on a connection that is used again', async () => {
  let after: (() => unknown) | undefined;
  await serve({ headers: [] }, (app) => {
    app.get('/late', async (request, response) => {
      after = () => [
        request.headers['x-own'],
        request.rawHeaders.includes('x-own'),
        request.headersDistinct['x-own'],
        request.socket.remoteAddress,
        Object.keys(request).includes('headers'),
      ];
      response.json(await titles());
    });
    app.get('/large', async (_request, response) => {
      await titles();
      response.type('text/plain').write('x'.repeat(800_000));
      setTimeout(() => response.end('x'.repeat(800_000)), 20);
    });
  });
  expect((await get('/late', { 'x-own': '1' })).status).toBe(200);
  expect(after?.()).toEqual(['1', true, ['1'], '127.0.0.1', false]);
  for (let time = 0; time < 2; time++) {
    const large = await get('/large', { connection: 'keep-alive' });
    expect([large.outcome, large.body.length]).toEqual(['miss (too-large)', 1_600_000]);
  }
});

test('a visitor who goes away while it is made breaks nothing', async () => {
  let go: () => void = () => {};
  await serve({ headers: [] }, (app) => {
    app.get('/slow', async (_request, response) => {
      await new Promise<void>((resolve) => {
        go = resolve;
      });
      response.json(await titles());
    });
  });
  const socket = connect(port, '127.0.0.1');
  socket.write(`GET /slow?${number} HTTP/1.1\r\nHost: site.example\r\n\r\n`);
  await expect.poll(() => asked).toBe(1);
  socket.resetAndDestroy();
  const again = get('/slow');
  const going = setInterval(() => go(), 20);
  expect((await again).status).toBe(200);
  clearInterval(going);
});

test.each([
  [['cookie']],
  [['Authorization']],
  [['if-none-match']],
  [['connection']],
  [['x-badge']],
  [['not a name']],
  [['']],
  ['x-tenant'],
])('%j cannot be listed', (headers) => {
  expect(() => expressCache({ headers: headers as string[], credentialHeaders: ['X-Badge'] })).toThrow(
    expect.objectContaining({ code: 'INVALID_RESPONSE_POLICY' }),
  );
});

test('people cannot be told apart by it', () => {
  expect(() => expressCache({ headers: [], vary: () => [] })).toThrow(
    expect.objectContaining({ code: 'INVALID_RESPONSE_POLICY' }),
  );
});

test('a page that its framework keeps hears what it reads, and is not kept here', async () => {
  const noted: string[] = [];
  let isPage = false;
  const recorder = { note: (tags: readonly string[]) => void noted.push(...tags), refuse() {} };
  const pages = { name: 'made-up', recorder: () => (isPage ? recorder : undefined) };
  const own = await startBlog({ plugins: [payloadKV({ store: memory(), pages })], seed: 1 });
  try {
    for (const policy of [{ headers: [] }, {}]) {
      await serve({ ...policy, payload: own.payload }, (app) => {
        app.get('/page', async (_request, response) => {
          const { totalDocs } = await own.payload.count({ collection: 'authors' });
          isPage = true;
          const { docs } = await own.payload.find({ collection: 'posts', depth: 0 });
          isPage = false;
          response.json([totalDocs, docs.length]);
        });
      });
      noted.length = 0;
      for (let time = 0; time < 2; time++) {
        expect((await get('/page')).outcome).toBe('miss (untracked)');
        expect(noted).toContain('posts');
        expect(noted).not.toContain('authors');
      }
      server?.closeAllConnections();
      server?.close();
    }
  } finally {
    await own.stop();
  }
});
