/**
 * The blog as a running site: a process of its own, started in the project's directory, that does what the demo asks
 * for. It imports the project's own config and server, as they stand at that moment.
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Miniflare } from 'miniflare';
import { getPayload, type Payload } from 'payload';
import { getCacheStats, settleCache } from 'payload-kv';
import type { KVBinding } from 'payload-kv/cloudflare';
import { kvBehindNetwork, kvInProcess, network } from './network.js';
import { type Page, readsOf } from './pages.js';

/** What the demo asks of a site, with the answer's type behind it. */
export interface SiteRequests {
  seed: { ask: { posts: number }; answer: null };
  slugs: { ask: Record<string, never>; answer: { posts: string[]; categories: string[] } };
  /** Renders pages through the Local API, and says how long each took in milliseconds. */
  view: { ask: { pages: Page[] }; answer: number[] };
  /** Puts the database and the KV as many milliseconds away. */
  network: { ask: { databaseMs: number; kvMs: number }; answer: null };
  /** Goes on with an empty namespace: one in the site's process, or Miniflare's. */
  namespace: { ask: { of: 'process' | 'miniflare' }; answer: null };
  /** Counts since the start, once all entries are stored. */
  counters: { ask: Record<string, never>; answer: Counters };
  /** The title that a visitor sees, and how many database calls it took to show it. */
  title: { ask: { slug: string }; answer: { title: string; databaseCalls: number } };
  edit: { ask: { slug: string; title: string }; answer: null };
  stop: { ask: Record<string, never>; answer: null };
}

/** What happened since a site started. */
export interface Counters {
  /** Calls of the database adapter. */
  databaseCalls: number;
  /** What the SQLite client was given to run. */
  statements: number;
  /** Calls of the KV binding. */
  kvCalls: number;
  hits: number;
  /** Reads that could have been hits. */
  lookups: number;
}

/** One request on the wire. */
export type SiteMessage = {
  [Name in keyof SiteRequests]: { name: Name; ask: SiteRequests[Name]['ask'] };
}[keyof SiteRequests];

/** What comes back: an answer, a sign of progress before it, or a failure. */
export type SiteReply = { answer: unknown } | { progress: string } | { failure: string };

const send = (reply: SiteReply) => process.send?.(reply);
const project = process.cwd();
const importFromProject = (file: string) => import(pathToFileURL(path.join(project, file)).href);

// In production the runtime of Workers holds the bindings; here they stand where OpenNext puts them.
let namespace = kvInProcess();
let miniflare: Miniflare | undefined;
const { DEMO_KV_BINDING: binding } = process.env;
if (binding) {
  Object.assign(globalThis, {
    [Symbol.for('__cloudflare-context__')]: {
      env: { [binding]: kvBehindNetwork(() => namespace) },
      ctx: {},
      cf: undefined,
    },
  });
}

// It prints the address that it listens on, for the demo to read.
await importFromProject('src/server.ts');
const { default: config } = await importFromProject('src/payload.config.ts');
const payload = await getPayload({ config });

// Counted at the very bottom as well, in the SQLite client: what comes here the database runs, whoever asked.
let statements = 0;
const { client } = payload.db as unknown as {
  client: Record<'execute' | 'batch', (...args: unknown[]) => unknown>;
};
for (const name of ['execute', 'batch'] as const) {
  const run = client[name].bind(client);
  client[name] = (...args) => {
    statements += 1;
    return run(...args);
  };
}

const readPost = (slug: string) => {
  const [content] = readsOf({ kind: 'post', slug });
  return content?.local(payload);
};

const handlers: {
  [Name in keyof SiteRequests]: (ask: SiteRequests[Name]['ask']) => Promise<SiteRequests[Name]['answer']>;
} = {
  async seed({ posts }) {
    const { seed } = await importFromProject('src/seed.ts');
    const { create } = payload;
    let created = 0;
    payload.create = (async (options: Parameters<typeof create>[0]) => {
      const doc = await create(options);
      if (options.collection === 'posts') send({ progress: `${++created} of ${posts} posts` });
      // SQLite answers without waiting for anything: without this no message would leave before the end.
      await new Promise((resolve) => setImmediate(resolve));
      return doc;
    }) as typeof create;
    try {
      await (seed as (payload: Payload, options: { posts: number }) => Promise<void>)(payload, { posts });
    } finally {
      payload.create = create;
    }
    return null;
  },

  async slugs() {
    const slugsOf = async (collection: 'posts' | 'categories', where = {}) => {
      const { docs } = await payload.find({ collection, where, pagination: false, depth: 0 });
      return docs.map((doc) => String((doc as { slug?: unknown }).slug));
    };
    return {
      posts: await slugsOf('posts', { _status: { equals: 'published' } }),
      categories: await slugsOf('categories'),
    };
  },

  async view({ pages }) {
    const milliseconds: number[] = [];
    for (const page of pages) {
      const start = performance.now();
      await Promise.all(readsOf(page).map((read) => read.local(payload)));
      milliseconds.push(performance.now() - start);
    }
    return milliseconds;
  },

  async network(distances) {
    Object.assign(network, distances);
    return null;
  },

  async namespace({ of }) {
    await settleCache(payload);
    if (of === 'process') namespace = kvInProcess();
    else {
      miniflare ??= new Miniflare({
        modules: true,
        script: 'export default { fetch: () => new Response(null, { status: 404 }) }',
        compatibilityDate: '2026-03-01',
        kvNamespaces: ['DEMO'],
      });
      namespace = (await miniflare.getKVNamespace('DEMO')) as unknown as KVBinding;
    }
    return null;
  },

  async counters() {
    const total = getCacheStats(payload)?.total;
    if (total) await settleCache(payload);
    const { databaseCalls, kvCalls } = network;
    if (!total) return { databaseCalls, statements, kvCalls, hits: 0, lookups: 0 };
    const bypasses = Object.values(total.bypasses).reduce((sum, count) => sum + count, 0);
    const lookups = total.hits + total.misses + total.stale + total.shared + bypasses;
    return { databaseCalls, statements, kvCalls, hits: total.hits, lookups };
  },

  async title({ slug }) {
    const before = network.databaseCalls;
    const { docs } = (await readPost(slug)) as { docs: { title: string }[] };
    return { title: docs[0]?.title ?? '', databaseCalls: network.databaseCalls - before };
  },

  async edit({ slug, title }) {
    const { docs } = (await readPost(slug)) as { docs: { id: number }[] };
    if (!docs[0]) throw new Error(`There is no post ${slug}`);
    await payload.update({ collection: 'posts', id: docs[0].id, data: { title } });
    return null;
  },

  async stop() {
    await payload.destroy();
    await miniflare?.dispose();
    return null;
  },
};

process.on('message', async ({ name, ask }: SiteMessage) => {
  try {
    send({ answer: await (handlers[name] as (ask: unknown) => Promise<unknown>)(ask) });
  } catch (error) {
    send({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
  // The project's server listens until the process ends.
  if (name === 'stop') process.exit(0);
});
process.on('disconnect', () => process.exit(0));
send({ progress: 'ready' });
