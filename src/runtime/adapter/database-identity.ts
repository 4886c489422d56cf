import { resolve } from 'node:path';
import type { DatabaseAdapter } from 'payload';
import { newVersion } from '../../interfaces/registry.js';
import { isWorkerd } from '../../platform/background.js';
import { processEnvironment } from '../../platform/environment.js';
import { hash } from '../../platform/hash.js';

/** Finds the name that a binding has in the environment of a Worker. */
export type NameOfBinding = (is: (binding: unknown) => boolean) => string | undefined;

/**
 * What tells the database of an adapter from any other, as a hash: kind, host, port, names, file, and the user's name,
 * whom row-level security may show other rows. Never a password, a token or a key. Processes of one site get the same
 * one; names of one database that differ, such as two hosts that lead to it, only cost hits.
 *
 * A database that only this machine reaches under its name, a file or one at `localhost`, has the machine's name in it.
 * One in memory is never the same as another.
 *
 * @returns `undefined` where the adapter does not tell
 */
export function databaseIdentity(adapter: DatabaseAdapter, nameOfBinding: NameOfBinding): string | undefined {
  const told = adapter as unknown as Told;
  try {
    const place = placeOf(told, nameOfBinding);
    if (!place || place.includes(undefined)) return undefined;
    const { name, schemaName, relationshipsSuffix, localesSuffix, versionsSuffix, autoPluralization } = told;
    const tables = [schemaName, relationshipsSuffix, localesSuffix, versionsSuffix, autoPluralization];
    return hash(JSON.stringify([name, place, tables]));
  } catch {
    // An address that cannot be read; its error may quote it, with its password.
    return undefined;
  }
}

/** What adapters tell of their database: each has some of it. */
interface Told {
  name?: string;
  packageName?: string;
  /** D1. */
  binding?: { prepare?: unknown };
  /** SQLite. */
  clientConfig?: { url?: unknown; syncUrl?: unknown };
  /** PostgreSQL. */
  poolOptions?: Pool;
  /** MongoDB; `false` where it runs in the memory of the process. */
  url?: unknown;
  connectOptions?: { dbName?: string; user?: string; auth?: { username?: string } };
  schemaName?: string;
  relationshipsSuffix?: string;
  localesSuffix?: string;
  versionsSuffix?: string;
  autoPluralization?: boolean;
}

type Pool = { connectionString?: string; stream?: unknown } & Partial<Record<Connection, unknown>>;
type Connection = 'host' | 'port' | 'database' | 'user' | 'options';
/** What a place is made of; `undefined` where a part that tells it apart is not known. */
type Place = (string | string[] | undefined)[];

const VERCEL = '@payloadcms/db-vercel-postgres';

function placeOf(told: Told, nameOfBinding: NameOfBinding): Place | undefined {
  const { binding, clientConfig, poolOptions, packageName, url } = told;
  if (typeof binding?.prepare === 'function') {
    // A binding shows nothing of its database. Through a proxy on Node it may be the local one of this machine.
    return ['d1', nameOfBinding((each) => each === binding), isWorkerd() ? '' : machine()];
  }
  if (clientConfig) {
    const { url: at, syncUrl } = clientConfig;
    return ['sqlite', ...sqlitePlace(at), ...(syncUrl === undefined ? [] : sqlitePlace(syncUrl))];
  }
  if (poolOptions || packageName === VERCEL) {
    const text = packageName === VERCEL ? processEnvironment().POSTGRES_URL : undefined;
    return postgresPlace({ connectionString: text, ...poolOptions }, nameOfBinding);
  }
  if (typeof url === 'string') return mongoPlace(url, told.connectOptions ?? {});
  return url === false ? ['mongodb', newVersion()] : undefined;
}

// --- SQLite ---

function sqlitePlace(url: unknown): Place {
  if (typeof url !== 'string') return [undefined];
  const file = /^file:(?:\/\/[^/?#]*)?([^?#]*)/i.exec(url)?.[1];
  if (url.startsWith(':memory:') || file === '' || file?.startsWith(':memory:')) return [newVersion()];
  if (file !== undefined) return [resolve(decodeURIComponent(file)), machine()];
  // Without the query, which may hold a token.
  const { protocol, host, hostname, pathname } = new URL(url);
  return [protocol, host.toLowerCase(), pathname, ...machineAt(hostname)];
}

// --- PostgreSQL, as the package `pg` reads it ---

/** Cloudflare gives each isolate a host of its own. */
const HYPERDRIVE = '.hyperdrive.local';

function postgresPlace(pool: Pool, nameOfBinding: NameOfBinding): Place {
  const { connectionString } = pool;
  const said = connectionString ? readConnectionString(connectionString) : pool;
  // What opens the connection itself may lead anywhere.
  if (typeof pool.stream === 'function' && !said.host) return [undefined];
  const env = processEnvironment();
  const text = (value: unknown, fallback: string | undefined): string => String(value || fallback || '');
  const user = text(said.user, env.PGUSER || env.USER || env.USERNAME);
  const host = text(said.host, env.PGHOST || 'localhost').toLowerCase();
  const rest = [
    text(said.database, env.PGDATABASE || user),
    user,
    text(said.options || pool.options, env.PGOPTIONS),
  ];
  if (host.endsWith(HYPERDRIVE)) {
    const isIt = (each: unknown): boolean =>
      (each as { connectionString?: unknown } | undefined)?.connectionString === connectionString;
    return ['hyperdrive', nameOfBinding(isIt), ...rest];
  }
  return ['postgres', host, text(said.port, env.PGPORT || '5432'), ...rest, ...machineAt(host)];
}

function readConnectionString(text: string): Partial<Record<Connection, string | undefined>> {
  if (text.startsWith('/')) {
    const [host, database] = text.split(' ');
    return { host, database };
  }
  // Anything else might have its password anywhere.
  if (!/^[a-z][a-z0-9+.-]*:\//i.test(text)) throw new Error('not an address');
  const encoded = / |%[^a-f0-9]|%[a-f0-9][^a-f0-9]/i.test(text)
    ? encodeURI(text).replace(/%25(\d\d)/g, '%$1')
    : text;
  // Without a host it is no address to everybody.
  const url = new URL(URL.canParse(encoded) ? encoded : encoded.replace('@/', `@${NO_HOST}/`));
  const query = url.searchParams;
  if (url.protocol === 'socket:') {
    return { host: decodeURI(url.pathname), database: query.get('db') ?? undefined };
  }
  const host = url.hostname === NO_HOST ? '' : decodeURIComponent(url.hostname.replace(/^\[(.+)\]$/, '$1'));
  return {
    user: query.get('user') || decodeURIComponent(url.username),
    host: query.get('host') || host,
    port: query.get('port') || url.port,
    database: decodeURI(url.pathname.slice(1)),
    options: query.get('options') ?? undefined,
  };
}

const NO_HOST = 'no-host.invalid';

// --- MongoDB ---

function mongoPlace(url: string, options: NonNullable<Told['connectOptions']>): Place {
  const [, scheme, authority = '', path = ''] =
    /^(mongodb(?:\+srv)?):\/\/([^/?]+)(?:\/([^?]*))?/i.exec(url) ?? [];
  if (!scheme) return [undefined];
  const at = authority.lastIndexOf('@');
  const [username = ''] = authority.slice(0, Math.max(at, 0)).split(':');
  const hosts = authority
    .slice(at + 1)
    .split(',')
    .map((host) => decodeURIComponent(host).toLowerCase())
    .sort();
  const user = options.user ?? options.auth?.username ?? decodeURIComponent(username);
  const database = options.dbName ?? (decodeURIComponent(path) || 'test');
  return [
    scheme.toLowerCase(),
    hosts,
    database,
    user,
    ...hosts.flatMap((host) => machineAt(host.replace(/:\d+$/, ''))).slice(0, 1),
  ];
}

// --- This machine ---

const ON_THIS_MACHINE =
  /^(?:|\/.*|(?:.*\.)?localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[?::1?\]?|.*\.docker\.internal)$/i;

/** The machine's name where a host means another machine on every machine. */
function machineAt(host: string): Place {
  return ON_THIS_MACHINE.test(host) ? [machine()] : [];
}

/** The name of this machine, or `undefined`. In this way no bundler and no Worker has to have the module. */
function machine(): string | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(id: string): { hostname(): string } | undefined };
  };
  const { HOSTNAME, COMPUTERNAME } = processEnvironment();
  return process?.getBuiltinModule?.('node:os')?.hostname() || HOSTNAME || COMPUTERNAME || undefined;
}
