import { mkdtemp, realpath } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { postgresAdapter } from '@payloadcms/db-postgres';
import { sqliteAdapter } from '@payloadcms/db-sqlite';
import fc from 'fast-check';
import type { DatabaseAdapter, DatabaseAdapterObj, Payload } from 'payload';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { databaseIdentity } from '../../src/runtime/adapter/database-identity.js';
import { removeDirectory } from '../support/remove-directory.js';

/** What a database is told apart by: as Payload's own adapters show it, real ones where they can be installed here. */
const noBinding = (): undefined => undefined;
const identity = (adapter: object) => databaseIdentity(adapter as DatabaseAdapter, noBinding);
const init = ({ init }: DatabaseAdapterObj) =>
  init({ payload: { logger: { warn() {} } } as unknown as Payload }) as DatabaseAdapter;

type Pool = Parameters<typeof postgresAdapter>[0]['pool'];
const postgres = (pool: string | Pool, more: object = {}) =>
  identity(
    init(postgresAdapter({ pool: typeof pool === 'string' ? { connectionString: pool } : pool, ...more })),
  );
const sqlite = (url: string, more: object = {}) =>
  identity(init(sqliteAdapter({ client: { url }, ...more })));
/** As `@payloadcms/db-mongodb` shows it. */
const mongo = (url: string | false, connectOptions: object = {}, more: object = {}) =>
  identity({ name: 'mongoose', packageName: '@payloadcms/db-mongodb', url, connectOptions, ...more });
/** As `@payloadcms/db-vercel-postgres` shows it. */
const vercel = (poolOptions?: object) =>
  identity({
    ...init(postgresAdapter({ pool: {} })),
    packageName: '@payloadcms/db-vercel-postgres',
    poolOptions,
  });

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function expectApart(...all: (string | undefined)[]): void {
  expect(all).not.toContain(undefined);
  expect(new Set(all).size).toBe(all.length);
}
function expectSame(...all: (string | undefined)[]): void {
  expect(all).not.toContain(undefined);
  expect(new Set(all).size).toBe(1);
}

describe('PostgreSQL', () => {
  const url = 'postgres://ann:secret@db.example.com:5432/site';

  test('is told apart by host, port, name, user, options and schema', () => {
    expectApart(
      postgres(url),
      postgres(url.replace('db.', 'db2.')),
      postgres(url.replace('5432', '5433')),
      postgres(url.replace('/site', '/other')),
      postgres(url.replace('ann', 'bob')),
      postgres(`${url}?options=-c%20search_path%3Dtenant`),
      postgres(url, { schemaName: 'tenant' }),
      postgres(url, { versionsSuffix: '_versions' }),
      postgres(url, { relationshipsSuffix: '_rels2' }),
    );
  });

  test('is the same whatever its password, pool, encryption, replicas, and the form in which it is written', () => {
    expectSame(
      postgres(url),
      postgres(url.replace('secret', 'rotated')),
      postgres(url.replace(':secret', '')),
      postgres(url.replace('postgres://', 'postgresql://')),
      postgres(url.replace('db.example', 'DB.Example')),
      postgres(url.replace(':5432', '')),
      postgres(`${url}?sslmode=require&password=other`),
      postgres({ connectionString: url, max: 3, ssl: true, password: 'x' }),
      postgres({ host: 'db.example.com', port: 5432, database: 'site', user: 'ann', password: 'secret' }),
      postgres('postgres:///site?host=db.example.com&user=ann&password=secret'),
      postgres(url, { readReplicas: [url.replace('db.', 'replica.')] }),
      postgres(url, { push: false, logger: true }),
    );
  });

  test('is where the environment says, as the client reads it', () => {
    for (const [name, value] of Object.entries({
      PGHOST: 'db.example.com',
      PGDATABASE: 'site',
      PGUSER: 'ann',
    }))
      vi.stubEnv(name, value);
    expectSame(postgres({}), postgres(url), postgres('postgres://:secret@/'));
    vi.stubEnv('PGDATABASE', 'other');
    expectApart(postgres({}), postgres(url));
    vi.stubEnv('POSTGRES_URL', url);
    expectSame(vercel(), vercel({ max: 1 }), vercel({ connectionString: url }), postgres(url));
    vi.stubEnv('POSTGRES_URL', url.replace('site', 'preview'));
    expectApart(vercel(), vercel({ connectionString: url }));
  });

  test('at this machine is another one at each machine', () => {
    const hosts = ['localhost', '127.0.0.1', '[::1]', 'host.docker.internal'];
    const here = hosts.map((host) => postgres(url.replace('db.example.com', host)));
    const sockets = () => [
      postgres('/var/run/postgresql site'),
      postgres('socket:/var/run/postgresql?db=site'),
      postgres({ host: '/var/run/postgresql', database: 'site', user: 'ann' }),
    ];
    const before = [...here, ...sockets()];
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue({ hostname: () => `not-${hostname()}` } as never);
    const elsewhere = [...hosts.map((host) => postgres(url.replace('db.example.com', host))), ...sockets()];
    for (const [index, one] of before.entries()) expectApart(one, elsewhere[index]);
    const remote = postgres(url);
    vi.restoreAllMocks();
    expectSame(remote, postgres(url));
  });

  test('is not told by what opens the connection itself, by no address, or on a machine without a name', () => {
    const stream = () => ({}) as never;
    expect(postgres({ stream, user: 'ann', database: 'site' })).toBeUndefined();
    for (const text of ['host=db password=secret', 'nonsense', 'postgres://a:b/c@d:e/f', '::'])
      expect(postgres(text)).toBeUndefined();
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
    vi.stubEnv('HOSTNAME', '');
    vi.stubEnv('COMPUTERNAME', '');
    expect(postgres(url.replace('db.example.com', 'localhost'))).toBeUndefined();
    expect(postgres(url)).toBeDefined();
  });

  test('behind Hyperdrive, whose host is another in each isolate, has the name of its binding', () => {
    const at = (host: string) => `postgresql://ann:${host}@${host}.hyperdrive.local:5432/site`;
    const of = (host: string, env: Record<string, unknown>) =>
      databaseIdentity(init(postgresAdapter({ pool: { connectionString: at(host) } })), (is) =>
        Object.keys(env).find((name) => is(env[name])),
      );
    const binding = (host: string) => ({ connectionString: at(host) });
    expectSame(
      of('a', { KV: {}, TEXT: 'text', NOTHING: null, DB: binding('a') }),
      of('b', { DB: binding('b'), OTHER: binding('c') }),
    );
    expectApart(of('a', { DB: binding('a') }), of('a', { DB: binding('b'), OTHER: binding('a') }));
  });
});

describe('SQLite', () => {
  test('is told apart by its file and its machine, whatever the working directory and the way it is written', async () => {
    const directory = await realpath(await mkdtemp(path.join(tmpdir(), 'payload-kv-identity-')));
    const before = process.cwd();
    try {
      process.chdir(directory);
      const absolute = path.join(directory, 'a b.db');
      expectSame(
        sqlite('file:a b.db'),
        sqlite('file:./a%20b.db'),
        sqlite('file:x/../a b.db'),
        sqlite(`file:${absolute}`),
        sqlite(`file://${absolute}`),
        sqlite(`file://localhost${absolute}`),
        sqlite(`FILE:${absolute}`),
      );
      const one = sqlite('file:a.db');
      expectApart(one, sqlite('file:b.db'), sqlite('file:/a.db'));
      process.chdir(before);
      expectApart(one, sqlite('file:a.db'));
      expectSame(one, sqlite(`file:${path.join(directory, 'a.db')}`));
      vi.spyOn(process, 'getBuiltinModule').mockReturnValue({ hostname: () => 'another' } as never);
      expectApart(one, sqlite(`file:${path.join(directory, 'a.db')}`));
    } finally {
      process.chdir(before);
      await removeDirectory(directory);
    }
  });

  test('in memory is never the same', () => {
    const urls = [':memory:', 'file::memory:', 'file::memory:?cache=shared', 'file:'];
    expectApart(...[...urls, ...urls].map((url) => sqlite(url)));
  });

  test('of a server is told apart by its address, without the token in it', () => {
    const url = 'libsql://site-ann.turso.io';
    expectSame(
      sqlite(url),
      sqlite(`${url}?authToken=secret`),
      identity(init(sqliteAdapter({ client: { url, authToken: 'secret' } }))),
    );
    expectApart(
      sqlite(url),
      sqlite('libsql://other-ann.turso.io'),
      sqlite('http://site-ann.turso.io/dev/a'),
      sqlite('http://site-ann.turso.io/dev/b'),
      sqlite('http://127.0.0.1:8080'),
      sqlite('http://127.0.0.1:8081'),
    );
  });

  test('that is a copy of a server is told apart by both', () => {
    const copy = (url: string, syncUrl: string) =>
      identity(init(sqliteAdapter({ client: { url, syncUrl } })));
    expectApart(
      copy('file:a.db', 'libsql://site.turso.io'),
      copy('file:a.db', 'libsql://other.turso.io'),
      copy('file:b.db', 'libsql://site.turso.io'),
      sqlite('file:a.db'),
    );
  });
});

describe('MongoDB', () => {
  const url = 'mongodb://ann:s%40cret@a.example.com:27017,b.example.com/site?replicaSet=rs0&authSource=admin';

  test('is told apart by its servers, name and user', () => {
    expectApart(
      mongo(url),
      mongo(url.replace('/site', '/other')),
      mongo(url.replace('ann', 'bob')),
      mongo(url.replace('b.example.com', 'c.example.com')),
      mongo(url.replace('a.example.com:27017', 'a.example.com:27018')),
      mongo(url, { dbName: 'preview' }),
      mongo(url, {}, { autoPluralization: false }),
      mongo('mongodb+srv://ann:secret@cluster.example.com/site'),
      mongo('mongodb://localhost/site'),
    );
  });

  test('is the same whatever its password, options and the order of its servers', () => {
    expectSame(
      mongo(url),
      mongo(url.replace('s%40cret', 'rotated')),
      mongo(url.replace(/\?.*/, '')),
      mongo(url.replace('a.example.com:27017,b.example.com', 'b.example.com,A.example.com:27017')),
      mongo(url.replace('ann:s%40cret@', ''), { auth: { username: 'ann', password: 'secret' } }),
      mongo(url.replace('/site', '/'), { dbName: 'site' }),
    );
  });

  test('in the memory of the process is never the same, and what is no address tells nothing', () => {
    expectApart(mongo(false), mongo(false));
    for (const text of ['', 'nonsense', 'mongodb://', 'http://user:secret@host/site'])
      expect(mongo(text)).toBeUndefined();
  });
});

describe('D1', () => {
  const d1 = { prepare() {} };
  const tenant = { prepare() {} };
  const of = (binding: object, env: Record<string, unknown>) =>
    databaseIdentity({ name: 'sqlite', binding } as unknown as DatabaseAdapter, (is) =>
      Object.keys(env).find((name) => is(env[name])),
    );

  test('has the name of its binding', () => {
    expectSame(of(d1, { D1: d1 }), of(tenant, { KV: {}, D1: tenant }));
    expectApart(of(d1, { D1: d1, TENANT: tenant }), of(tenant, { D1: d1, TENANT: tenant }));
  });

  test('without a known name may be any', () => {
    expect(of(d1, {})).toBeUndefined();
  });

  test('behind a proxy, which may lead to a database of this machine, is not the deployed one', () => {
    const here = of(d1, { D1: d1 });
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' });
    expectApart(here, of(d1, { D1: d1 }));
  });
});

test('an adapter that is not known tells nothing, and none of them makes it throw', () => {
  expect(identity({ name: 'other' })).toBeUndefined();
  const anything = fc.anything();
  const adapter = fc.record(
    {
      name: anything,
      binding: anything,
      clientConfig: fc.oneof(anything, fc.record({ url: fc.oneof(anything, fc.string(), fc.webUrl()) })),
      poolOptions: fc.oneof(anything, fc.record({ connectionString: fc.oneof(anything, fc.webUrl()) })),
      url: fc.oneof(anything, fc.string(), fc.webUrl()),
      connectOptions: anything,
      schemaName: anything,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(adapter, (each) => {
      const told = identity(each);
      expect(told === undefined || /^[\w-]{43}$/.test(told)).toBe(true);
    }),
  );
});

test('no secret takes part, wherever an address may hold one', () => {
  const word = fc.stringMatching(/^[a-z0-9]{6,12}$/);
  const forms: ((secret: string) => string | undefined)[] = [
    (secret) => postgres(`postgres://ann:${secret}@db.example.com/site`),
    (secret) => postgres({ host: 'h', database: 'd', user: 'u', password: secret }),
    (secret) => postgres(`postgres://h/d?user=u&password=${secret}`),
    (secret) => sqlite(`libsql://h?authToken=${secret}`),
    (secret) => identity(init(sqliteAdapter({ client: { url: 'file:a.db', encryptionKey: secret } }))),
    (secret) => mongo(`mongodb://ann:${secret}@h/d`),
    (secret) => mongo(`mongodb+srv://ann:${secret}@h/d?authMechanismProperties=AWS_SESSION_TOKEN:${secret}`),
    (secret) => mongo('mongodb://h/d', { auth: { username: 'ann', password: secret }, pass: secret }),
  ];
  fc.assert(
    fc.property(word, word, fc.constantFrom(...forms), (one, other, form) => {
      expect(form(one)).toBe(form(other));
    }),
  );
});
