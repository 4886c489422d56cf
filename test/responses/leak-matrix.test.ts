import { executeAuthStrategies } from 'payload';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ResponsePolicy } from '../../src/runtime/responses.js';
import { firstDifference, show } from '../differential/differences.js';
import { type PersonRequest, writeRequest } from '../people/requests.js';
import { seededRandom } from '../support/chaos.js';
import { type Known, leakRequests } from './leak-requests.js';
import {
  type Ask,
  type LeakSite,
  type LeakSites,
  settled,
  signedInByServer,
  startLeakSites,
} from './leak-site.js';

/** To have other requests in another order: `LEAK_SEED=7 npx vitest run test/responses/leak-matrix.test.ts`. */
const SEED = Number(process.env.LEAK_SEED ?? 1);
const PASSWORD = 'only-for-tests';
const IN_PARALLEL = 14;
/** Between two changes, beside those that are under way meanwhile. */
const REQUESTS = 112;

const NAMES = ['admin', 'first', 'second', 'member', 'robot'] as const;
type Name = (typeof NAMES)[number];
const mail = (name: Name): string => `${name}@example.com`;

/** One of the ways in which somebody may come along. */
interface Way {
  /** Who it is, or was; nobody where what it shows is nobody's. */
  name: Name | 'visitor';
  /** For messages. */
  by: string;
  headers: Record<string, string>;
  /** Whether the request shows nothing that may sign somebody in. */
  isAnonymous?: true;
}

let sites: LeakSites;
let random: () => number;
let known: Known;
let ids: Record<Name, number>;
let tenants: [number, number];
let ways: Way[];
/** All that must never reach the store. */
const secrets = new Set<string>([PASSWORD]);
let admin: Record<string, string>;
let keys = 0;

const oneOf = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;

async function send(
  asked: PersonRequest,
  headers: Record<string, string> = admin,
  ask: Ask = sites.plain.bare,
): Promise<{ doc: { id: number }; token: string }> {
  const response = await ask(asked, headers);
  const body = (await response.json()) as { doc: { id: number }; token: string; errors?: unknown };
  if (!response.ok || body.errors) throw new Error(`${asked.path}: ${JSON.stringify(body)}`);
  return body;
}

/** Changes something, with the cache, wherever. */
let write: (asked: PersonRequest, headers?: Record<string, string>) => ReturnType<typeof send>;

async function signIn(name: Name, ask?: Ask, password = PASSWORD): Promise<string> {
  const body = { email: mail(name), password };
  const { token } = await send({ method: 'POST', path: '/users/login', body }, {}, ask);
  secrets.add(token);
  return token;
}

/** The ways of somebody who has just signed in. */
const waysOf = (name: Name, token: string): Way[] => [
  { name, by: 'JWT', headers: { authorization: `JWT ${token}` } },
  { name, by: 'Bearer', headers: { authorization: `Bearer ${token}` } },
  { name, by: 'a cookie', headers: { cookie: `payload-token=${token}` } },
  { name, by: 'a cookie among others', headers: { cookie: `_ga=GA1.1; payload-token=${token}; theme=dark` } },
];

const NOBODYS: Way[] = [
  { name: 'visitor', by: 'nothing', headers: {}, isAnonymous: true },
  { name: 'visitor', by: 'a harmless cookie', headers: { cookie: '_ga=GA1.1.1; _gid=2' }, isAnonymous: true },
  { name: 'visitor', by: 'an origin', headers: { origin: 'http://site.example' }, isAnonymous: true },
  { name: 'visitor', by: 'another cookie', headers: { cookie: 'theme=dark' } },
  { name: 'visitor', by: 'a token of nobody', headers: { authorization: 'JWT a.b.c' } },
  { name: 'visitor', by: 'a cookie of nobody', headers: { cookie: 'payload-token=a.b.c' } },
  { name: 'visitor', by: 'a key of nobody', headers: { authorization: 'users API-Key of-nobody' } },
  {
    name: 'visitor',
    by: 'a badge of nobody',
    headers: { 'x-badge': 'nobody@example.com' },
    isAnonymous: true,
  },
];

/** Gives the robot another key; requests with the former one go on. */
async function giveKey(ask?: Ask): Promise<void> {
  const apiKey = `key-of-the-robot-${++keys}`;
  secrets.add(apiKey);
  const body = { enableAPIKey: true, apiKey };
  await send({ method: 'PATCH', path: `/users/${ids.robot}`, body }, admin, ask);
  ways.push({ name: 'robot', by: `key ${keys}`, headers: { authorization: `users API-Key ${apiKey}` } });
}

/** Makes people, tenants and articles. */
async function prepare(): Promise<void> {
  const post = async (path: string, body: object): Promise<number> =>
    (await send({ method: 'POST', path, body })).doc.id;
  admin = {};
  const first = { email: mail('admin'), password: PASSWORD, role: 'admin' };
  await sites.plain.payload.create({ collection: 'users', data: first as never });
  admin = { authorization: `JWT ${await signIn('admin')}` };
  tenants = [
    await post('/tenants', { name: 'Tenant A', contract: 'of the first' }),
    await post('/tenants', { name: 'Tenant B', contract: 'of the second' }),
  ];
  const people = {
    first: { role: 'editor', tenant: tenants[0] },
    second: { role: 'editor', tenant: tenants[1] },
    member: { role: 'member' },
    robot: { role: 'member', tenant: tenants[0] },
  };
  ids = { admin: 0, first: 0, second: 0, member: 0, robot: 0 };
  const { docs } = await sites.plain.payload.find({ collection: 'users', depth: 0 });
  ids.admin = docs[0]!.id as number;
  for (const [name, own] of Object.entries(people) as [Name, object][])
    ids[name] = await post('/users', { email: mail(name), password: PASSWORD, ...own });
  const articles: number[] = [];
  for (let n = 0; n < 12; n++)
    articles.push(
      await post('/articles?depth=0', {
        slug: `article-${n}`,
        title: `Article ${n}`,
        price: n % 7,
        isOpen: n % 3 !== 2,
        tenant: tenants[n % 2],
        author: ids[NAMES[n % NAMES.length] as Name],
        related: articles.slice(-2),
        parts: [{ text: `Part of ${n}`, source: tenants[(n + 1) % 2] }],
        _status: n % 4 === 3 ? 'draft' : 'published',
      }),
    );
  await send({
    method: 'PATCH',
    path: `/articles/${articles[11]}`,
    body: { deletedAt: new Date().toISOString() },
  });
  const settings = { headline: 'Welcome', internal: 'for admins', first: articles[0] };
  await send({ method: 'POST', path: '/globals/settings', body: settings });
  known = { articles, tenants, users: Object.values(ids) };
  ways = [...NOBODYS];
  for (const name of ['admin', 'first', 'second', 'member'] as const)
    ways.push(...waysOf(name, await signIn(name)));
  ways.push({ name: 'second', by: 'a badge', headers: { 'x-badge': mail('second') } });
  await giveKey();
  await noteSecrets();
}

/** What the database has of people that nobody may know. */
async function noteSecrets(): Promise<void> {
  await sites.plain.payload.forgotPassword({
    collection: 'users',
    data: { email: mail('member') },
    disableEmail: true,
  });
  const { docs } = await sites.plain.payload.db.find<Record<string, unknown>>({
    collection: 'users',
    limit: 50,
  });
  for (const { hash, salt, apiKey, apiKeyIndex, resetPasswordToken, sessions } of docs) {
    const ofSessions = ((sessions ?? []) as { id: string }[]).map(({ id }) => id);
    for (const secret of [hash, salt, apiKey, apiKeyIndex, resetPasswordToken, ...ofSessions])
      if (typeof secret === 'string') secrets.add(secret);
  }
}

/** What becomes of people, each once in each mode. */
const CHANGES: Record<string, (ask: Ask) => Promise<unknown>> = {
  async 'a role, and back'(ask) {
    const set = (role: string) => write({ method: 'PATCH', path: `/users/${ids.first}`, body: { role } });
    await set('admin');
    // While it is another.
    await Promise.all(some(40).map(({ asked, way }) => ask(asked, way.headers)));
    await set('editor');
  },
  'a role': () => write({ method: 'PATCH', path: `/users/${ids.member}`, body: { role: 'editor' } }),
  'the tenant of an editor': () =>
    write({ method: 'PATCH', path: `/users/${ids.second}`, body: { tenant: tenants[0] } }),
  async 'a logout'(ask) {
    const token = await signIn('first', ask);
    ways.push(...waysOf('first', token));
    await Promise.all(ways.slice(-4).flatMap((way) => some(10).map(({ asked }) => ask(asked, way.headers))));
    await send({ method: 'POST', path: '/users/logout' }, { authorization: `JWT ${token}` }, ask);
    ways.push(...waysOf('first', await signIn('first', ask)));
  },
  async 'a password'(ask) {
    const password = `another-${secrets.size}`;
    secrets.add(password);
    await write({ method: 'PATCH', path: `/users/${ids.second}`, body: { password } });
    ways.push(...waysOf('second', await signIn('second', ask, password)));
    await write({ method: 'PATCH', path: `/users/${ids.second}`, body: { password: PASSWORD } });
  },
  'a key': (ask) => giveKey(ask),
  'the role of a robot': () =>
    write({ method: 'PATCH', path: `/users/${ids.robot}`, body: { role: 'admin' } }),
  'into the trash, and out of it': async () => {
    const set = (article: number, deletedAt: string | null) =>
      write({ method: 'PATCH', path: `/articles/${article}?trash=true&depth=0`, body: { deletedAt } });
    await set(known.articles[4] as number, new Date().toISOString());
    await set(known.articles[11] as number, null);
  },
};

/** Requests of anybody, in any order. */
function some(count: number): { name: string; asked: PersonRequest; way: Way }[] {
  const all = Object.entries(leakRequests(known));
  // Some are asked by everybody, so that there is something to be mixed up.
  const popular = Array.from({ length: 8 }, () => oneOf(all));
  return Array.from({ length: count }, () => {
    const [name, asked] = oneOf(random() < 0.7 ? popular : all);
    const person = oneOf([...NAMES, 'visitor', 'visitor', 'visitor']);
    const theirs = ways.filter((way) => way.name === person);
    // Most by what they have now, some by what they had.
    const way = person !== 'visitor' && random() < 0.6 ? oneOf(theirs.slice(-4)) : oneOf(theirs);
    return { name, asked, way };
  });
}

interface Answer {
  status: number;
  type: string | null;
  body: string;
}

async function answerOf(response: Response): Promise<Answer> {
  const { status, headers } = response;
  return { status, type: headers.get('content-type'), body: await response.text() };
}

/** How often people were answered from the cache. */
type Hits = Record<string, number>;

/** Asks at all places, and holds each answer against that of the site without a cache. */
async function compare(asks: readonly Ask[], hits: Hits, when: string): Promise<void> {
  const truths = new Map<string, Promise<Answer>>();
  const bodies = new Map<string, string>();
  const left = some(REQUESTS);
  while (left.length > 0) {
    const batch = left.splice(0, IN_PARALLEL);
    await Promise.all(
      batch.map(async ({ name, asked, way }) => {
        const id = JSON.stringify([asked, way.headers]);
        if (!truths.has(id)) truths.set(id, sites.plain.bare(asked, way.headers).then(answerOf));
        // Whoever has what somebody else was told is told that it is the same only if it is.
        const etag = random() < 0.3 ? oneOf([...bodies.keys(), undefined]) : undefined;
        const response = await oneOf(asks)(asked, { ...way.headers, ...(etag && { 'if-none-match': etag }) });
        const outcome = response.headers.get('x-payload-cache') ?? '';
        const answer = await answerOf(response);
        const truth = (await truths.get(id)) as Answer;
        const given =
          response.status === 304 ? { ...truth, body: bodies.get(etag as string) as string } : answer;
        const own = response.headers.get('etag');
        if (own && response.status === 200) bodies.set(own, answer.body);
        if (outcome === 'hit') hits[way.name] = (hits[way.name] ?? 0) + 1;
        const difference = firstDifference(given, truth);
        if (difference)
          throw new Error(
            [
              `LEAK_SEED=${SEED}, ${when}: ${way.name} by ${way.by} asked for ${name} (${outcome}): ${difference}`,
              `  with the cache: ${show(given, 500)}`,
              `  without: ${show(truth, 500)}`,
            ].join('\n'),
          );
      }),
    );
  }
}

/** Lets everybody ask, before and after whatever may happen to them. */
async function play(policyOf: (at: number) => ResponsePolicy): Promise<Hits> {
  const asks = sites.cached.map((site, at) => site.behind(policyOf(at)));
  const hits: Hits = {};
  write = (asked, headers = admin) => send(asked, headers, oneOf(asks));
  await compare(asks, hits, 'at first');
  for (const [what, change] of Object.entries(CHANGES)) {
    const before = some(30);
    await Promise.all([
      change(oneOf(asks)),
      // What is made while others write may be kept, and must be stale by then.
      ...before.map(({ asked, way }) => oneOf(asks)(asked, way.headers).then(answerOf)),
      ...[0, 1, 2].map(() =>
        oneOf(asks)(writeRequest(writable(), random), oneOf(ways).headers).then(answerOf),
      ),
    ]);
    await settled(sites);
    await compare(asks, hits, `after ${what}`);
    await noteSecrets();
  }
  return hits;
}

const writable = () => ({ articles: [...known.articles], tenants: [...known.tenants] });

/** Tells people apart by all that access control looks at. */
const byPerson = (at: number): ResponsePolicy => ({
  async vary({ headers }) {
    const { user } = await executeAuthStrategies({ headers, payload: sites.cached[at]!.payload });
    if (!user) return ['nobody'];
    const { collection, id, role, tenant } = user as unknown as Record<string, unknown>;
    return [collection, id, role, (tenant as { id?: unknown } | undefined)?.id ?? tenant].map(String);
  },
});

function expectNoSecrets(): void {
  const all = sites.stored.join('\n');
  expect(all).toContain('Article 1');
  expect([...secrets].filter((secret) => all.includes(secret))).toEqual([]);
  expect(secrets.size).toBeGreaterThan(20);
}

describe.each(['strong'] as const)('with versions %j', (consistency) => {
  beforeAll(async () => {
    random = seededRandom(SEED);
    sites = await startLeakSites(consistency);
    await prepare();
  });
  afterAll(() => sites?.stop());

  test('nobody is told what is for somebody else, where only visitors are answered from the cache', async () => {
    const hits = await play(() => ({}));
    expect(hits.visitor).toBeGreaterThan(20);
    expect(Object.keys(hits)).toEqual(['visitor']);
    expectNoSecrets();
  });

  test('nor where the policy tells people apart', async () => {
    const hits = await play(byPerson);
    for (const name of ['visitor', ...NAMES]) expect(hits[name] ?? 0, name).toBeGreaterThan(5);
    expectNoSecrets();
  });

  test('nor where the server has signed somebody in, which no request shows', async () => {
    const [site] = sites.cached as [LeakSite];
    const ask = site.behind({});
    const { 'list by access': list, global, 'field access of GraphQL': query } = leakRequests(known);
    for (const asked of [list, global, query] as PersonRequest[]) {
      // It is known then which headers are read.
      await ask(asked);
      // Of its own, so that there is no entry yet.
      const own = { ...asked, path: `${asked.path}${asked.path.includes('?') ? '&' : '?'}own=1` };
      const theirs = await signedInByServer.run(mail('admin'), () => ask(own).then(answerOf));
      await settled(sites);
      const truth = await answerOf(await sites.plain.bare(own));
      expect(theirs.body).not.toBe(truth.body);
      for (const outcome of ['miss', 'hit']) {
        const response = await ask(own);
        await settled(sites);
        expect(response.headers.get('x-payload-cache')).toBe(outcome);
        expect(await answerOf(response)).toEqual(truth);
      }
    }
  });

  test('nor where a role changes after the policy has told it', async () => {
    const [site] = sites.cached as [LeakSite];
    const set = (name: Name, role: string) =>
      site.payload.update({
        collection: 'users',
        id: ids[name],
        data: { role, tenant: tenants[0] } as never,
      });
    await set('first', 'editor');
    await set('second', 'editor');
    let hook: (() => Promise<unknown>) | undefined;
    const ask = site.behind({
      async vary({ headers }) {
        const { user } = await executeAuthStrategies({ headers, payload: site.payload });
        // All that access control looks at.
        const told = [String(user?.role), String(tenants[0])];
        const after = hook;
        hook = undefined;
        await after?.();
        return told;
      },
    });
    const tokens = { first: await signIn('first'), second: await signIn('second') };
    const shown = (name: 'first' | 'second') => ({ authorization: `JWT ${tokens[name]}` });
    const asked = leakRequests(known)['list without depth'] as PersonRequest;
    // It is known then which headers are read.
    await ask(asked, shown('second'));
    hook = () => set('first', 'admin');
    const promoted = await ask(asked, shown('first'));
    expect(promoted.headers.get('x-payload-cache')).toBe('miss (vary)');
    await settled(sites);
    const truth = await answerOf(await sites.plain.bare(asked, shown('second')));
    expect((await answerOf(promoted)).body).not.toBe(truth.body);
    for (const outcome of ['miss', 'hit']) {
      const response = await ask(asked, shown('second'));
      await settled(sites);
      expect(response.headers.get('x-payload-cache')).toBe(outcome);
      expect(await answerOf(response)).toEqual(truth);
    }
  });

  test('nor by a query whose answer holds the token of whoever asks', async () => {
    const ask = (sites.cached as [LeakSite])[0].behind(byPerson(0));
    const headers = { authorization: `JWT ${await signIn('member')}` };
    for (const query of ['{ meUser { token } }', '{ own: meUser { user { id } } }']) {
      const response = await ask({ method: 'POST', path: '/graphql', body: { query } }, headers);
      expect(response.headers.get('x-payload-cache')).toBe('bypass (graphql)');
    }
  });
});
