import { setTimeout as wait } from 'node:timers/promises';
import { inspect } from 'node:util';
import * as graphql from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGraphQLReader } from '../../src/runtime/responses/graphql-request.js';
import { withResponseCache } from '../../src/runtime/responses.js';
import {
  type CachedHandler,
  cachedHandler,
  type ResponseSite,
  startResponseSite,
} from '../support/responses.js';

let site: ResponseSite;
beforeAll(async () => {
  site = await startResponseSite();
});
afterAll(() => site?.stop());

/** As Next's: with a jar and an address of its own. */
class RouteRequest extends Request {
  get nextUrl(): URL {
    return new URL(this.url);
  }

  get cookies(): Map<string, string> {
    const pairs = (this.headers.get('cookie') ?? '').split('; ').filter(Boolean);
    return new Map(pairs.map((pair) => pair.split('=') as [string, string]));
  }
}

describe('What a handler reads of a header', () => {
  const ways: Record<string, (request: Request) => unknown> = {
    get: ({ headers }) => headers.get('X-Tenant'),
    has: ({ headers }) => headers.has('x-tenant') && 'one',
    iteration: ({ headers }) => [...headers],
    entries: ({ headers }) => [...headers.entries()],
    keys: ({ headers }) => [...headers.keys()],
    values: ({ headers }) => [...headers.values()],
    forEach: ({ headers }) => {
      const all: string[] = [];
      headers.forEach((value) => void all.push(value));
      return all;
    },
    'Object.fromEntries': ({ headers }) => Object.fromEntries(headers),
    'new Headers(headers)': ({ headers }) => new Headers(headers).get('x-tenant'),
    'new Request(url, { headers })': ({ url, headers }) =>
      new Request(url, { headers }).headers.get('x-tenant'),
    'new Response(null, { headers })': ({ headers }) =>
      new Response(null, { headers }).headers.get('x-tenant'),
    'request.clone()': (request) => request.clone().headers.get('x-tenant'),
    'clones of clones': (request) => request.clone().clone().headers.get('x-tenant'),
    'new Request(request)': (request) => new Request(request).headers.get('x-tenant'),
    'new Request(request.clone())': (request) => new Request(request.clone()).headers.get('x-tenant'),
    'new Request(request, init)': (request) => new Request(request, { mode: 'cors' }).headers.get('x-tenant'),
    'a subclass made of it': (request) => new RouteRequest(request).headers.get('x-tenant'),
    'a log': ({ headers }) => inspect(headers),
    'after a pause': async ({ headers }) => {
      await wait(1);
      return headers.get('x-tenant');
    },
  };

  for (const [kindName, kind] of [
    ['Request', Request],
    ['a subclass', RouteRequest],
  ] as const)
    test.each(Object.entries(ways))(
      `by %s of ${kindName} is in the key, or nothing is stored`,
      async (way, read) => {
        const handler = async (request: Request) => Response.json((await read(request)) ?? null);
        const { ask } = cachedHandler(site, handler, {}, kind as typeof Request);
        const path = `/${kind.name}/${encodeURIComponent(way)}`;
        const bodies: string[] = [];
        for (const tenant of ['evil', 'one', undefined, 'two', 'one', undefined]) {
          const init = tenant === undefined ? {} : { headers: { 'x-tenant': tenant } };
          const plain = await handler(new kind(`http://site.example${path}`, init));
          const body = await (await ask(path, init)).text();
          expect(body, `${tenant}`).toBe(await plain.text());
          bodies.push(body);
        }
        if (way !== 'has' && way !== 'keys') expect(new Set(bodies).size).toBeGreaterThan(2);
      },
    );

  test('does not keep others, and what it leaves alone does not part them', async () => {
    const { outcome, asked } = cachedHandler(site, ({ headers }) => Response.json(headers.get('x-tenant')));
    const of = (tenant: string, noise: string) => ({ headers: { 'x-tenant': tenant, 'x-noise': noise } });
    await outcome('/parts', of('one', 'a'));
    expect(await outcome('/parts', of('one', 'b'))).toBe('miss');
    expect(await outcome('/parts', of('one', 'c'))).toBe('hit');
    expect(await outcome('/parts', of('two', 'c'))).toBe('miss');
    expect(asked()).toBe(3);
  });

  test('of the address, of a method and of a subclass needs no more than the key', async () => {
    const handler = (request: RouteRequest) =>
      Response.json([
        request.url,
        request.method,
        request.nextUrl.search,
        request instanceof RouteRequest ? 1 : 0,
      ]);
    const { outcome } = cachedHandler(
      site,
      ({ url, method, nextUrl }) => Response.json([url, method, nextUrl.search]),
      {},
      RouteRequest,
    );
    expect(await outcome('/address?a=1')).toBe('miss');
    expect(await outcome('/address?a=1')).toBe('hit');
    const looked = cachedHandler(site, handler, {}, RouteRequest);
    expect(await (await looked.ask('/kind')).json()).toEqual(['http://site.example/kind', 'GET', '', 1]);
  });

  test('of a copy made by clone() is told apart as well, and kept', async () => {
    const { outcome } = cachedHandler(site, (request) =>
      Response.json(request.clone().clone().headers.get('x-tenant')),
    );
    for (const expected of ['miss (request-read)', 'miss', 'hit'])
      expect(await outcome('/cloned', { headers: { 'x-tenant': 'one' } })).toBe(expected);
    expect(await outcome('/cloned', { headers: { 'x-tenant': 'two' } })).toBe('miss');
  });

  test('of a request behind a proxy, as Next has it, is seen as well', async () => {
    const behind = (request: Request): Request =>
      new Proxy(request, {
        get(target, name) {
          if (name === 'clone') return () => behind(target.clone());
          const value = Reflect.get(target, name, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    const read: [string, (request: Request) => unknown][] = [
      ['kept', ({ headers }) => headers.get('x-tenant')],
      ['cloned', (request) => request.clone().clone().headers.get('x-tenant')],
      ['copied', (request) => new Request(request).headers.get('x-tenant')],
    ];
    for (const [name, way] of read) {
      const cached = withResponseCache((request: Request) => Response.json(way(request)), {
        payload: site.payload,
      });
      for (const tenant of ['one', 'one', 'two', 'one', 'two']) {
        const request = new Request(`http://site.example/${name}`, { headers: { 'x-tenant': tenant } });
        expect(await (await cached(behind(request))).json(), name).toBe(tenant);
      }
    }
  });

  test('of harmless cookies is nothing, in whatever way', async () => {
    const read = (request: RouteRequest) =>
      Response.json([
        request.headers.get('cookie'),
        [...request.cookies],
        [...new RouteRequest(request).cookies],
      ]);
    const { ask, outcome } = cachedHandler(site, read, {}, RouteRequest);
    await ask('/jar', { headers: { cookie: '_ga=evil' } });
    expect(await (await ask('/jar')).text()).not.toContain('evil');
    const plain = cachedHandler(
      site,
      ({ headers, cookies }) => Response.json([headers.get('cookie'), ...cookies]),
      {},
      RouteRequest,
    );
    expect(await (await plain.ask('/jar/2', { headers: { cookie: '_ga=evil' } })).json()).toEqual([null]);
    expect(await plain.outcome('/jar/2')).toBe('hit');
    for (const cookie of [
      'payload-token=x',
      '_ga=1; payload-token=x',
      ' =x',
      'x',
      '_ga; y',
      '_GA=1',
      'payload-token',
    ])
      expect(await outcome('/jar/3', { headers: { cookie } }), cookie).toBe('bypass (cookie)');
  });
});

describe('Cache poisoning', () => {
  /** A page that trusts whatever proxies say. */
  const absolute = ({ url, headers }: Request) =>
    new Response(
      `<link href="${headers.get('x-forwarded-proto') ?? 'http'}://${headers.get('x-forwarded-host') ?? headers.get('host') ?? new URL(url).host}/a.js">`,
    );

  test.each([
    ['x-forwarded-host', 'evil.example'],
    ['x-forwarded-proto', 'javascript'],
    ['host', 'evil.example'],
    ['x-forwarded-host', 'evil.example, site.example'],
    ['x-forwarded-host', 'evil.example"><script>'],
  ])('by the header %s: %s reaches nobody else', async (name, value) => {
    const { ask } = cachedHandler(site, absolute);
    const path = `/absolute?${encodeURIComponent(name + value)}`;
    for (let time = 0; time < 3; time++) await ask(path, { headers: { [name]: value } });
    for (let time = 0; time < 3; time++)
      expect(await (await ask(path)).text()).toBe('<link href="http://site.example/a.js">');
  });

  test('by a header that leads elsewhere, in a redirect, reaches nobody else', async () => {
    const { ask } = cachedHandler(site, ({ headers }) =>
      Response.redirect(`https://${headers.get('x-host') ?? 'site.example'}/new`, 301),
    );
    for (let time = 0; time < 3; time++) await ask('/old', { headers: { 'x-host': 'evil.example' } });
    expect((await ask('/old')).headers.get('location')).toBe('https://site.example/new');
  });

  test('by another host, scheme or port in the address reaches nobody else', async () => {
    const { ask } = cachedHandler(site, ({ url }) => new Response(url));
    for (const url of [
      'http://evil.example/x',
      'https://site.example/x',
      'http://site.example:8080/x',
      'http://site.example/x#evil',
      'http://user@site.example/x'.replace('user@', ''),
    ]) {
      expect(await (await ask(url)).text()).toBe(url);
      expect(await (await ask('/x')).text()).toBe('http://site.example/x');
    }
  });

  test.each([
    'x-http-method-override',
    'x-http-method',
    'x-method-override',
    'x-payload-http-method-override',
  ])('by %s, which makes another request of it, is left to the handler, each time', async (name) => {
    const { ask, outcome, asked } = cachedHandler(site, ({ headers }) => {
      const method = headers.get(name) ?? 'GET';
      return method === 'GET' ? new Response('page') : new Response('none', { status: 404 });
    });
    for (const method of ['DELETE', 'POST', 'HEAD'])
      for (let time = 0; time < 2; time++) {
        const response = await ask(`/override/${name}`, { headers: { [name]: method } });
        expect(response.status).toBe(404);
        expect(response.headers.get('x-payload-cache')).toBe('bypass (method)');
      }
    expect(asked()).toBe(6);
    expect(await (await ask(`/override/${name}`)).text()).toBe('page');
    expect(await outcome(`/override/${name}`)).toMatch(/^(hit|miss.*)$/);
  });

  test('by a header that is too large or has what no header may have (CPDoS) keeps no error', async () => {
    const { ask } = cachedHandler(site, ({ headers }) => {
      const size = [...headers].join().length;
      return size > 8_000 ? new Response('too large', { status: 400 }) : new Response('page');
    });
    expect((await ask('/cpdos', { headers: { 'x-oversized': 'a'.repeat(20_000) } })).status).toBe(400);
    expect((await ask('/cpdos', { headers: { 'x-meta': '\x01\x02\x07' } })).status).toBe(200);
    expect((await ask('/cpdos')).status).toBe(200);
    expect(() => new Headers({ 'x-meta': 'a\r\nSet-Cookie: x=y' })).toThrow();
  });

  test('by a body of GET is not possible: the platform takes none', () => {
    expect(() => new Request('http://site.example', { method: 'GET', body: 'q=evil' })).toThrow(TypeError);
  });

  test.each([
    ['a duplicate', '?q=a&q=b', '?q=b&q=a'],
    ['a semicolon', '?q=a;q=b', '?q=a&q=b'],
    ['a parameter of analytics', '?utm_content=x;q=evil', '?utm_content=x'],
    ['an encoded delimiter', '?q=a%26b', '?q=a&b'],
    ['case of the name', '?Q=a', '?q=a'],
    ['an empty value', '?q=', '?q'],
    ['a list', '?q[]=a', '?q=a'],
    ['unicode of two forms', '?q=%C3%A9', '?q=e%CC%81'],
    ['unicode of full width', '?q=%EF%BD%81', '?q=a'],
    ['a NUL', '?q=a%00', '?q=a'],
    ['a broken escape', '?q=%zz', '?q=%25zz'],
    ['an overlong escape', '?q=%C0%AE', '?q=.'],
    ['an encoded slash', '/a%2Fb', '/a/b'],
    ['a path delimiter', '/a;.css', '/a'],
    ['an extension', '/a/x.css', '/a'],
    ['an encoded question mark', '/a%3Fq=1', '/a?q=1'],
    ['an encoded hash', '/a%23b', '/a'],
    ['a newline', '/a%0Ab', '/ab'],
    ['a slash at the end', '/a/', '/a'],
    ['two slashes', '//a/b'.slice(1).replace('/', '/a//'), '/a/a/b'],
    ['case of the path', '/A', '/a'],
    ['8 KB', `?q=${'a'.repeat(8_000)}`, `?q=${'a'.repeat(8_001)}`],
  ])('by %s in the address: two that differ for the handler share nothing', async (_, one, other) => {
    const { ask, outcome } = cachedHandler(site, ({ url }) => new Response(url));
    const paths = [one, other].map((end) => (end.startsWith('/') ? `/cloak${end}` : `/cloak${end}`));
    for (const path of [...paths, ...paths]) {
      const { href } = new URL(path, 'http://site.example');
      expect(await (await ask(path)).text()).toBe(href);
    }
    expect(await outcome(paths[0]!)).toBe('hit');
  });

  test('by an address of enormous length is left to the handler', async () => {
    const { outcome } = cachedHandler(site, () => new Response('page'));
    expect(await outcome(`/?q=${'a'.repeat(17_000)}`)).toBe('bypass (too-large)');
  });

  test('by splitting a response is not possible, and what tries it is stored nowhere', async () => {
    const { ask } = cachedHandler(site, ({ url }) => {
      const to = new URL(url).searchParams.get('to') ?? '';
      return new Response(null, { status: 302, headers: { location: to } });
    });
    await expect(
      ask(`/split?to=${encodeURIComponent('/\r\nSet-Cookie: a=b\r\n\r\n<script>')}`),
    ).rejects.toThrow();
    const { headers } = await ask('/split?to=/fine');
    expect([headers.get('location'), headers.get('set-cookie')]).toEqual(['/fine', null]);
  });
});

describe('What is for the browser of one visitor', () => {
  test.each([
    ['set-cookie', 'payload-token=secret'],
    ['clear-site-data', '"cookies"'],
  ])('%s is never sent again', async (name, value) => {
    let count = 0;
    const { ask, asked } = cachedHandler(site, () => {
      count += 1;
      return count === 1
        ? new Response('page', {
            headers: [
              [name, value],
              [name, value],
            ],
          })
        : new Response('page');
    });
    const both = await Promise.all([ask(`/once/${name}`), ask(`/once/${name}`), ask(`/once/${name}`)]);
    expect(both.filter(({ headers }) => headers.has(name)).length).toBe(1);
    if (name === 'set-cookie')
      expect(both.find(({ headers }) => headers.has(name))!.headers.getSetCookie()).toEqual([value, value]);
    for (const response of both) expect(await response.text()).toBe('page');
    expect((await ask(`/once/${name}`)).headers.has(name)).toBe(false);
    expect(asked()).toBe(3);
  });

  test('is not told to a network, of people that the policy tells apart', async () => {
    const handler = ({ headers }: Request) => new Response(headers.get('x-user-id'));
    const cdn = { maxAge: '1m', tags: 'fastly' } as const;
    const vary = ({ headers }: Request) => [headers.get('x-user-id') ?? ''];
    const told = cachedHandler(site, handler, { cdn, vary });
    for (const user of ['ann', 'bob', 'ann', 'ann']) {
      const response = await told.ask('/mine', { headers: { 'x-user-id': user } });
      expect(await response.text()).toBe(user);
      expect(response.headers.get('cache-control')).toBe('private, no-cache');
      expect(response.headers.has('surrogate-key')).toBe(false);
    }
  });

  test.each([
    ['cloudflare', 'private, no-cache'],
    ['fastly', 'public, max-age=0, s-maxage=60'],
  ] as const)(
    'is told to %s only as far as that looks at the headers it depends on',
    async (tags, control) => {
      const read = ({ headers }: Request) => new Response(headers.get('x-tenant'));
      const { ask } = cachedHandler(site, read, { cdn: { maxAge: '1m', tags } });
      for (let time = 0; time < 3; time++) await ask('/tenants', { headers: { 'x-tenant': 'one' } });
      const { headers } = await ask('/tenants', { headers: { 'x-tenant': 'one' } });
      expect(headers.get('x-payload-cache')).toBe('hit');
      expect(headers.get('vary')).toContain('x-tenant');
      expect(headers.get('cache-control')).toBe(control);
      const { ask: plain } = cachedHandler(site, () => new Response('page'), { cdn: { maxAge: '1m', tags } });
      expect((await plain('/plain')).headers.get('cache-control')).toBe('public, max-age=0, s-maxage=60');
    },
  );
});

describe('Cache deception', () => {
  test.each([
    '/users/me/x.css',
    '/users/me%2Fx.css',
    '/users/me',
    '/users/me;x.css',
    '/users/me%3Fx.css',
    '/users/me%23x.css',
    '/users/me%00x.css',
    '/users/me/..%2Fx.css',
    '/posts/../users/me',
    '/posts/%2e%2e/users/me',
    '/users%2Fme',
    '//users/me',
    '/USERS/me',
  ])('by %s gives nobody what is of whom has signed in', async (path) => {
    const { docs } = await site.payload.find({ collection: 'users', limit: 1 });
    expect(docs.length).toBeLessThanOrEqual(1);
    const signedIn = await site.get(path, { headers: { authorization: 'JWT x' } });
    expect(signedIn.headers.get('x-payload-cache')).toMatch(/^bypass/);
    const withCookie = await site.get(path, { headers: { cookie: 'payload-token=x' } });
    expect(withCookie.headers.get('x-payload-cache')).toMatch(/^bypass/);
    const bare = await site.bare(path);
    for (let time = 0; time < 2; time++) {
      const response = await site.get(path);
      expect(response.status).toBe(bare.status);
      expect(await response.clone().text()).toBe(await bare.clone().text());
    }
  });

  test.each([
    'draft=true',
    '%64raft=true',
    'draft[]=true',
    '[draft]=true',
    '%5Bdraft%5D=true',
    'a=1&draft=1',
    'draft',
  ])('by ?%s keeps no draft', async (search) => {
    expect(await site.outcome(`/posts?${search}`)).toBe('bypass (draft)');
  });
});

describe('Queries of GraphQL', () => {
  let queries: CachedHandler;
  beforeAll(() => {
    queries = cachedHandler(site, async (request) => Response.json({ data: await request.text() }), {
      graphql,
    });
  });
  const outcomeOf = (body: object, search = ''): Promise<string | null> => {
    const text = JSON.stringify(body);
    const headers = { 'content-type': 'application/json', 'content-length': String(text.length) };
    return queries.outcome(`/graphql${search}`, { method: 'POST', body: text, headers });
  };
  const posts = '{ Posts(limit: 2, sort: "slug") { docs { slug } } }';

  test('of one meaning are one, and of another are another', async () => {
    expect(await outcomeOf({ query: posts })).toBe('miss');
    expect(await outcomeOf({ query: `# a comment\n${posts.replaceAll(' ', '\n  ')}` })).toBe('hit');
    const different: object[] = [
      { query: posts.replace('docs', 'items: docs') },
      { query: posts.replace('slug }', 'alias: slug }') },
      { query: posts.replace('limit: 2', 'limit: 3') },
      { query: posts.replace('"slug"', '"-slug"') },
      { query: posts, extensions: { tenant: 'one' } },
      { query: posts, extensions: { tenant: 'two' } },
      { query: posts, variables: {} },
      { query: posts, variables: { a: 1 } },
      { query: posts, variables: { a: '1' } },
      { query: posts, variables: { a: true } },
      { query: posts, variables: { a: [1] } },
      { query: posts, variables: { a: null } },
      { query: posts, variables: { a: -0 } },
      { query: posts, variables: { __proto__x: 1 } },
      {
        query: 'query A { Posts(limit: 1) { docs { slug } } } query B { Posts(limit: 2) { docs { slug } } }',
        operationName: 'A',
      },
      {
        query: 'query A { Posts(limit: 1) { docs { slug } } } query B { Posts(limit: 2) { docs { slug } } }',
        operationName: 'B',
      },
      { query: 'query($a: Int = 1) { Posts(limit: $a) { docs { slug } } }' },
      { query: 'query($a: Int = 2) { Posts(limit: $a) { docs { slug } } }' },
      { query: '{ Posts(limit: 1) { docs { ...F } } } fragment F on Post { slug }' },
      { query: '{ Posts(limit: 1) { docs { ...F } } } fragment F on Post { title }' },
      { query: '{ Posts(limit: 1) { docs { slug @include(if: true) } } }' },
      { query: '{ Posts(limit: 1) { docs { slug @include(if: false) title } } }' },
      { query: '{ Posts(limit: 1, where: { title: { equals: """a""" } }) { docs { slug } } }' },
      { query: '{ Posts(limit: 1, where: { title: { equals: """a\n  b""" } }) { docs { slug } } }' },
    ];
    const reader = createGraphQLReader(graphql);
    const questions = different.map((body) => {
      const text = reader(JSON.parse(JSON.stringify(body)));
      expect(text, JSON.stringify(body)).toHaveProperty('question');
      return body;
    });
    for (const body of questions) expect(await outcomeOf(body), JSON.stringify(body)).not.toBe('hit');
  });

  test.each<[string, object]>([
    ['a mutation', { query: 'mutation { deletePost(id: 1) { id } }' }],
    [
      'a mutation beside a query',
      { query: `query A ${posts} mutation B { deletePost(id: 1) { id } }`, operationName: 'B' },
    ],
    [
      'a mutation of the name of a query',
      { query: `mutation A { deletePost(id: 1) { id } } query A ${posts}`, operationName: 'A' },
    ],
    [
      'a query of the name of a mutation',
      { query: `query A ${posts} mutation A { deletePost(id: 1) { id } }`, operationName: 'A' },
    ],
    ['a choice that is none', { query: `query A ${posts} query B ${posts}` }],
    ['a name that is not there', { query: `query A ${posts}`, operationName: 'B' }],
    ['a name that is no text', { query: posts, operationName: { toString: 'A' } }],
    ['a subscription', { query: 'subscription { Posts { docs { id } } }' }],
    ['introspection', { query: '{ __schema { types { name } } }' }],
    ['introspection under another name', { query: '{ x: __type(name: "Post") { name } }' }],
    [
      'introspection in a fragment',
      { query: '{ ...F } fragment F on Query { __schema { types { name } } }' },
    ],
    ['a batch', [{ query: posts }]],
    ['what cannot be parsed', { query: '{ Posts' }],
    ['no query', { extensions: { persistedQuery: { sha256Hash: 'x' } } }],
    ['a deep document', { query: `${'{a'.repeat(30_000)}${'}'.repeat(30_000)}` }],
  ])('%s is left to the handler', async (_, body) => {
    const { ask, asked } = cachedHandler(site, () => Response.json({ data: {} }), { graphql });
    const text = JSON.stringify(body);
    const init = {
      method: 'POST',
      body: text,
      headers: { 'content-type': 'application/json', 'content-length': String(text.length) },
    };
    for (let time = 0; time < 2; time++)
      expect((await ask('/graphql', init)).headers.get('x-payload-cache')).toBe('bypass (graphql)');
    expect(asked()).toBe(2);
  });

  test('with variables of great depth are left to the handler', async () => {
    const { outcome } = cachedHandler(site, () => Response.json({ data: {} }), { graphql });
    const text = `{"query":"{ a }","variables":{"a":${'['.repeat(40_000)}${']'.repeat(40_000)}}}`;
    const headers = { 'content-type': 'application/json', 'content-length': String(text.length) };
    expect(await outcome('/graphql', { method: 'POST', body: text, headers })).toMatch(/^bypass/);
  });

  test('with a key that is there twice are what the last of them says', async () => {
    const read = async (request: Request) => Response.json({ data: await request.json() });
    const { ask } = cachedHandler(site, read, { graphql });
    for (const last of ['{ a }', '{ b }', '{ a }']) {
      const text = `{"query":"{ c }","query":"${last}"}`;
      const headers = { 'content-type': 'application/json', 'content-length': String(text.length) };
      const response = await ask('/graphql', { method: 'POST', body: text, headers });
      expect(await response.json()).toEqual({ data: { query: last } });
    }
  });

  test('in the address and in the body at once are left to the handler', async () => {
    for (const name of ['query', 'operationName', 'variables'])
      expect(await outcomeOf({ query: posts }, `?${name}=x`)).toBe('bypass (graphql)');
  });

  test('in the address share nothing where a handler may take the other of two', async () => {
    const { ask } = cachedHandler(site, ({ url }) => Response.json({ data: new URL(url).search }), {
      graphql,
    });
    const query = `query=${encodeURIComponent(`query A ${posts} query B ${posts}`)}`;
    const searches = [
      `?${query}&operationName=A&operationName=B`,
      `?${query}&operationName=A&operationName=A`,
      `?${query}&operationName=A&variables={"a":1}&variables={"a":2}`,
      `?${query}&operationName=A&variables={"a":1}&variables={"a":3}`,
      `?${query}&operationName=A`,
      `?${query}&operationName=A&variables={"a":1}`,
      `?${query}&operationName=A&variables={"a":"1"}`,
      `?${query}&operationName=A&extensions={"a":1}`,
      `?${query}&operationName=A&extensions={"a":1}&extensions={"a":2}`,
      `?${query}&${query}&operationName=A`,
    ];
    for (const search of [...searches, ...searches]) {
      const body = (await (await ask(`/graphql${search}`)).json()) as { data: string };
      expect(body.data).toBe(new URL(`http://x/${search}`).search);
    }
  });

  test.each([
    ['the document', { query: '{ Posts(draft: true) { docs { slug } } }' }],
    [
      'a variable',
      { query: 'query($d: Boolean) { Posts(draft: $d) { docs { slug } } }', variables: { d: true } },
    ],
    [
      'the default of a variable',
      { query: 'query($d: Boolean = true) { Posts(draft: $d) { docs { slug } } }' },
    ],
    [
      'a variable that is null',
      { query: 'query($d: Boolean) { Posts(draft: $d) { docs { slug } } }', variables: { d: null } },
    ],
    ['an alias', { query: '{ x: Posts(draft: true) { docs { slug } } }' }],
    ['a fragment', { query: '{ ...F } fragment F on Query { Posts(draft: true) { docs { slug } } }' }],
  ])('that ask for drafts by %s keep none', async (_, body) => {
    expect(await outcomeOf(body)).toBe('bypass (draft)');
  });
});

test('A cache inside of another ends nothing that the outer one sees', async () => {
  const policy = { payload: site.payload, outcomeHeader: true };
  const inner = withResponseCache((_request: Request) => new Response('inner'), policy);
  const outer = withResponseCache(async (request: Request) => {
    await Promise.all([inner(request), inner(request), inner(request.clone())]);
    await wait(1);
    return new Response(`${request.headers.get('x-tenant')} ${request.headers.get('cookie')}`);
  }, policy);
  const of = async (tenant: string) => {
    const headers = { 'x-tenant': tenant, cookie: '_ga=1' };
    const response = await outer(new Request('http://site.example/nested', { headers }));
    return [response.headers.get('x-payload-cache'), await response.text()];
  };
  for (const tenant of ['a', 'a', 'b']) expect((await of(tenant))[1]).toBe(`${tenant} null`);
  await wait(20);
  expect(await of('a')).toEqual(['hit', 'a null']);
});
