/** The site that people use, behind a cache of its responses, twice on one store, and once without any cache. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as graphql from 'graphql';
import type { AuthStrategy, CollectionConfig, Config, Payload, TypedUser } from 'payload';
import type { Consistency, Registry, Store } from '../../src/runtime/index.js';
import { payloadKV, settleCache } from '../../src/runtime/index.js';
import { type ResponsePolicy, withResponseCache } from '../../src/runtime/responses.js';
import { collections, globals } from '../people/collections.js';
import { graphqlOf } from '../people/graphql.js';
import type { PersonRequest } from '../people/requests.js';
import { type Started, startBlog } from '../support/payload.js';
import { removeDirectory } from '../support/remove-directory.js';
import { sharedMemory } from '../support/shared-memory.js';

/** Answers what people ask. */
export type Ask = (asked: PersonRequest, headers?: Record<string, string>) => Promise<Response>;

/** One place where the site runs. */
export interface LeakSite {
  payload: Payload;
  /** Payload's answers, as they are. */
  bare: Ask;
  /** The same behind a cache of responses. */
  behind(policy: ResponsePolicy): Ask;
}

export interface LeakSites {
  plain: LeakSite;
  cached: readonly LeakSite[];
  /** All that has reached the store and its registry so far. */
  stored: readonly string[];
  stop(): Promise<void>;
}

/** Whom the server in front of Payload has signed in: no request shows it. */
export const signedInByServer = new AsyncLocalStorage<string>();

/** Finds somebody by email, wherever that is from. */
const strategyOf = (
  name: string,
  emailIn: (headers: Headers) => string | null | undefined,
): AuthStrategy => ({
  name,
  async authenticate({ headers, payload, req }) {
    const email = emailIn(headers);
    if (!email) return { user: null };
    const { docs } = await payload.find({
      collection: 'users',
      where: { email: { equals: email } },
      depth: 0,
      limit: 1,
      ...(req && { req }),
    });
    const [user] = docs;
    return { user: user ? ({ ...user, collection: 'users', _strategy: name } as TypedUser) : null };
  },
});

const AUTH = {
  tokenExpiration: 86_400,
  useAPIKey: true,
  strategies: [
    // By a header that has no usual name, and by what the server knows of the connection.
    strategyOf('badge', (headers) => headers.get('x-badge')),
    strategyOf('server', () => signedInByServer.getStore()),
  ],
};

/** With trash, authors that are users, and more ways to sign in. */
function extended(): CollectionConfig[] {
  return collections().map((collection): CollectionConfig => {
    if (collection.slug === 'users') return { ...collection, auth: AUTH };
    if (collection.slug !== 'articles') return collection;
    const author = { name: 'author', type: 'relationship', relationTo: 'users' } as const;
    return { ...collection, trash: true, fields: [...collection.fields, author] };
  });
}

const configure = (config: Config): Config => ({
  ...config,
  collections: extended(),
  globals: globals(),
  graphQL: { disable: false },
  logger: { options: { level: process.env.PAYLOAD_LOG_LEVEL ?? 'silent' } },
});

/** Starts all of them on one database. */
export async function startLeakSites(consistency: Consistency): Promise<LeakSites> {
  const directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-leaks-'));
  const url = `file:${path.join(directory, 'site.db')}`;
  const stored: string[] = [];
  const store = listened(sharedMemory(), stored);
  const cache = () =>
    payloadKV({
      store,
      consistency,
      collections: { articles: { slices: ['slug'] }, tenants: {} },
      globals: { settings: {} },
    });
  const started: Started[] = [await startBlog({ url, configure })];
  const { client } = started[0]!.payload.db as unknown as { client: { execute(text: string): unknown } };
  await client.execute('pragma journal_mode = wal');
  for (let n = 0; n < 2; n++) started.push(await startBlog({ url, configure, plugins: [cache()] }));
  const [plain, ...cached] = started.map(siteOf) as [LeakSite, ...LeakSite[]];
  return {
    plain,
    cached,
    stored,
    async stop() {
      await Promise.all(started.map((each) => each.stop()));
      await removeDirectory(directory);
    },
  };
}

function siteOf({ payload, config, instanceKey, handle }: Started): LeakSite {
  const queries = graphqlOf(config, instanceKey);
  const ask =
    (rest: (request: Request) => Promise<Response>, ofGraphQL: typeof rest): Ask =>
    ({ method, path: below, body }, headers = {}) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const request = new Request(`http://site.example/api${below}`, {
        method,
        ...(text !== undefined && { body: text }),
        headers: {
          ...headers,
          ...(text !== undefined && {
            'content-type': 'application/json',
            'content-length': String(Buffer.byteLength(text)),
          }),
        },
      });
      return below.startsWith('/graphql') ? ofGraphQL(request) : rest(request);
    };
  return {
    payload,
    bare: ask(handle, queries),
    behind(policy) {
      const common = { payload, outcomeHeader: true, ...policy };
      return ask(
        withResponseCache(handle, { api: 'rest', ...common }),
        withResponseCache(queries, { graphql, ...common }),
      );
    },
  };
}

/** Waits until what was made is stored. */
export async function settled(sites: LeakSites): Promise<void> {
  for (const { payload } of sites.cached) await settleCache(payload);
}

/** A store that tells what reaches it, and its registry. */
function listened(store: Store, heard: string[]): Store {
  const registry: Registry = listen(store.defaultRegistry(), heard);
  return { ...listen(store, heard), defaultRegistry: () => registry };
}

function listen<Target extends object>(target: Target, heard: string[]): Target {
  const properties = Object.entries(target).map(([name, value]: [string, unknown]) => {
    if (typeof value !== 'function') return [name, value];
    const call = (...args: unknown[]): unknown => {
      heard.push(JSON.stringify(args));
      return value.apply(target, args);
    };
    return [name, call];
  });
  return Object.fromEntries(properties) as Target;
}
