import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { firstDifference, show } from '../differential/differences.js';
import { seededRandom } from '../support/chaos.js';
import type { PostgresServer } from '../support/postgres.js';
import type { RedisServer } from '../support/redis.js';
import { removeDirectory } from '../support/remove-directory.js';
import { type Known, type PersonName, type PersonRequest, readRequest, writeRequest } from './requests.js';
import { type SiteProcess, startSiteProcess } from './site.js';
import type { SiteSetup } from './site-child.js';

/** Databases that people are played on, PostgreSQL with each isolation level that it has a name for. */
export const STAGES = [
  'sqlite',
  'sqlite with transactions',
  'postgres, read uncommitted',
  'postgres, read committed',
  'postgres, repeatable read',
  'postgres, serializable',
] as const;
export type Stage = (typeof STAGES)[number];

/** How a play ended. */
export interface Figures {
  stage: Stage;
  /** Sent to the processes with a cache, reads and writes. */
  requests: number;
  /** Reads whose answer was held against the database's, while nobody wrote. */
  comparisons: number;
  /** Writes that the site took, and those that it refused, mostly to people who may not. */
  writes: number;
  refused: number;
  /** Of the adapter's reads, those that the cache answered, and all that it was asked for. */
  hits: number;
  lookups: number;
  /** Comparisons that came out unequal. */
  differences: number;
  /** The first of them, in words. */
  examples: string[];
}

/** Who plays: eight, as five people, of whom some write most of the time. */
const CLIENTS: readonly { person: PersonName; writes: number }[] = [
  { person: 'visitor', writes: 0 },
  { person: 'visitor', writes: 0 },
  { person: 'editor of the first', writes: 0.25 },
  { person: 'editor of the second', writes: 0.25 },
  { person: 'admin', writes: 0.25 },
  { person: 'admin', writes: 0 },
  { person: 'member', writes: 0 },
  { person: 'member', writes: 0.05 },
];
/** Longest pause after a write that took no time, in milliseconds: comparisons need moments without one. */
const PAUSE = 400;
const ARTICLES = 12;

/**
 * Lets people use a site of two processes on one Redis, and holds each answer against that of a third without a cache.
 * The two are asked one after the other, so an answer counts where nobody wrote from before the first until after the
 * second.
 *
 * @param isEnough whether they may stop
 */
export async function play(
  stage: Stage,
  isEnough: (figures: Readonly<Figures>) => boolean,
  servers: { redis: RedisServer; postgres: PostgresServer },
  seed = 1,
): Promise<Figures> {
  const directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-people-'));
  const [kind, isolationLevel] = stage.split(', ');
  const setup: SiteSetup = {
    database: isolationLevel
      ? await servers.postgres.createDatabase()
      : `file:${path.join(directory, 'site.db')}`,
    ...(isolationLevel && { isolationLevel }),
    transactions: kind === 'sqlite with transactions',
  };
  const processes: SiteProcess[] = [];
  try {
    const database = await startSiteProcess({ ...setup, isFirst: true });
    processes.push(database);
    const redisPort = servers.redis.port;
    const sites = await Promise.all([
      startSiteProcess({ ...setup, redisPort }),
      startSiteProcess({ ...setup, redisPort, isSecond: true }),
    ]);
    processes.push(...sites);
    return await playOn(stage, isEnough, database, sites, seed);
  } finally {
    await Promise.all(processes.map((each) => each.stop()));
    await removeDirectory(directory);
  }
}

interface Answer {
  status: number;
  body: unknown;
}

async function playOn(
  stage: Stage,
  isEnough: (figures: Readonly<Figures>) => boolean,
  database: SiteProcess,
  sites: readonly SiteProcess[],
  seed: number,
): Promise<Figures> {
  const figures: Figures = {
    stage,
    requests: 0,
    comparisons: 0,
    writes: 0,
    refused: 0,
    hits: 0,
    lookups: 0,
    differences: 0,
    examples: [],
  };
  const { tokens, known } = await prepare(database);
  // libsql keeps the locks, and at times the state, of a BEGIN that was refused until its statement is collected, so
  // there what a process reads is old without a cache as well. With one writer at a time none is refused.
  const oneWriter = stage === 'sqlite with transactions' ? createTurns() : undefined;
  /** Writes under way, and how many began or ended so far. */
  let writing = 0;
  let epoch = 0;

  async function send(site: SiteProcess, person: PersonName, request: PersonRequest): Promise<Answer> {
    const { method, path: below, body } = request;
    const response = await fetch(`${site.api}${below}`, {
      method,
      headers: {
        ...(tokens[person] && { Authorization: `JWT ${tokens[person]}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  }

  async function write(site: SiteProcess, person: PersonName, request: PersonRequest): Promise<void> {
    const end = await oneWriter?.();
    writing += 1;
    epoch += 1;
    try {
      const { status, body } = await send(site, person, request);
      const { doc, errors } = body as { doc?: { id: number }; errors?: unknown };
      if (status < 400 && !errors) figures.writes += 1;
      else figures.refused += 1;
      if (request.method === 'POST' && request.path === '/articles' && doc) known.articles.push(doc.id);
    } finally {
      writing -= 1;
      epoch += 1;
      end?.();
    }
  }

  async function read(site: SiteProcess, person: PersonName, request: PersonRequest): Promise<void> {
    const begun = epoch;
    const isQuiet = writing === 0;
    const through = await send(site, person, request);
    if (!isQuiet || epoch !== begun) return;
    const truth = await send(database, person, request);
    if (epoch !== begun) return;
    figures.comparisons += 1;
    if (isDeepStrictEqual(through, truth)) return;
    figures.differences += 1;
    if (figures.examples.length < 3)
      figures.examples.push(
        [
          `${person}, process ${sites.indexOf(site) + 1}: ${request.method} ${request.path} ${show(request.body ?? '', 800)}`,
          `  the cache (first) and the database (second) differ: ${firstDifference(through, truth)}`,
          `  the first: ${show(through, 600)}`,
          `  the second: ${show(truth, 600)}`,
        ].join('\n'),
      );
  }

  await Promise.all(
    CLIENTS.map(async ({ person, writes }, client) => {
      const random = seededRandom(seed * 100 + client);
      while (!isEnough(figures)) {
        const site = sites[Math.floor(random() * sites.length)] as SiteProcess;
        figures.requests += 1;
        if (random() < writes) {
          const begun = performance.now();
          await write(site, person, writeRequest(known, random));
          // On a machine that is slow they are as rare.
          await sleep(random() * (PAUSE + 3 * (performance.now() - begun)));
        } else await read(site, person, readRequest(known, random));
      }
    }),
  );
  for (const site of sites) {
    const total = (await site.stats())?.total;
    if (!total) throw new Error('A process with a cache has no statistics.');
    figures.hits += total.hits;
    figures.lookups += total.hits + total.misses + total.stale;
  }
  return figures;
}

/** Turns that are taken one after the other: each waits for its own, and is told how to end it. */
function createTurns(): () => Promise<() => void> {
  let last: Promise<void> = Promise.resolve();
  return async () => {
    const before = last;
    let end: () => void = () => undefined;
    last = new Promise((resolve) => {
      end = resolve;
    });
    await before;
    return end;
  };
}

const PASSWORD = 'only-for-tests';

/** Makes tenants, people and articles, and signs people in. */
async function prepare(
  database: SiteProcess,
): Promise<{ tokens: Partial<Record<PersonName, string>>; known: Known }> {
  async function post(
    below: string,
    body: unknown,
    token?: string,
  ): Promise<{ doc?: { id: number }; token?: string }> {
    const response = await fetch(`${database.api}${below}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `JWT ${token}` }) },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as { doc?: { id: number }; token?: string };
    if (!response.ok) throw new Error(`${below}: ${JSON.stringify(answer)}`);
    return answer;
  }
  const mail = (person: PersonName): string => `${person.replaceAll(' ', '-')}@example.com`;
  const signIn = async (person: PersonName): Promise<string> =>
    (await post('/users/login', { email: mail(person), password: PASSWORD })).token as string;
  const idOf = ({ doc }: { doc?: { id: number } }): number => (doc as { id: number }).id;

  await post('/users/first-register', { email: mail('admin'), password: PASSWORD, role: 'admin' });
  const admin = await signIn('admin');
  const tenants = [
    idOf(await post('/tenants', { name: 'Tenant A', contract: 'of the first' }, admin)),
    idOf(await post('/tenants', { name: 'Tenant B', contract: 'of the second' }, admin)),
  ];
  const tokens: Partial<Record<PersonName, string>> = { admin };
  const others = { 'editor of the first': 0, 'editor of the second': 1, member: undefined } as const;
  for (const [person, tenant] of Object.entries(others) as [PersonName, number | undefined][]) {
    const role = person === 'member' ? 'member' : 'editor';
    const own = tenant === undefined ? {} : { tenant: tenants[tenant] };
    await post('/users', { email: mail(person), password: PASSWORD, role, ...own }, admin);
    tokens[person] = await signIn(person);
  }
  const articles: number[] = [];
  for (let n = 0; n < ARTICLES; n++)
    articles.push(
      idOf(
        await post(
          '/articles',
          {
            slug: `article-${n}`,
            title: `Article ${n}`,
            price: n % 7,
            isOpen: n % 3 > 0,
            tenant: tenants[n % 2],
            related: articles.slice(-2),
            parts: [{ text: `Part of ${n}`, source: tenants[(n + 1) % 2] }],
            _status: n % 4 === 3 ? 'draft' : 'published',
          },
          admin,
        ),
      ),
    );
  await post('/globals/settings', { headline: 'Welcome', internal: 'for admins', first: articles[0] }, admin);
  return { tokens, known: { articles, tenants } };
}
