import { PayloadKVError } from '../errors.js';
import { keyPrefix, processEnvironment } from '../platform/environment.js';
import { sleep } from '../platform/sleep.js';
import { commandsOf } from './redis-client.js';
import {
  type MessageListener,
  type RedisClient,
  type RedisCommands,
  type Send,
  textOf,
  unreachable,
} from './redis-commands.js';
import { backoff, keepSubscribed } from './redis-subscription.js';

/** Where a Redis is, and what comes before its keys. */
export interface RedisConnectionOptions {
  /**
   * A client of ioredis (`Redis`, with sentinels too, or `Cluster`) or node-redis (connected). It stays yours: close it
   * when the site shuts down. Default: one of ioredis's that is opened here, with `url`.
   */
  client?: RedisClient;
  /**
   * Where Redis is, e.g. `redis://user:password@host:6379/0`, with TLS `rediss://…`; needs `ioredis` to be installed.
   * Default: what `REDIS_URL` says when the first command is sent.
   */
  url?: string;
  /**
   * Comes before every key. Default none; PAYLOAD_KV_PREFIX wins. In braces, `'{payload}:'`, it keeps all keys on one
   * node of a cluster, which then answers a lookup with one command.
   */
  prefix?: string;
}

/** A Redis as the store and the registry use it. */
export interface RedisConnection {
  send: Send;
  /** The values of keys, in one command where one server has them all, else in one each, sent together. */
  read(keys: readonly string[]): Promise<(string | undefined)[]>;
  /** Deletes keys, likewise. */
  remove(keys: readonly string[]): Promise<void>;
  /** The nodes that hold keys. */
  nodes(): Promise<Send[]>;
  /** What comes before all keys in Redis, the client's own prefix included. */
  wholePrefix(): Promise<string>;
  /** Listens to a channel on a connection of its own, which is opened again when it is lost. Returns what ends it. */
  listen(channel: string, listener: MessageListener): () => void;
  /** Ends what was opened here. A later command opens it again. */
  close(): Promise<void>;
}

/** Keys that one DEL names. */
const PAGE = 1_000;

/**
 * Reaches a Redis: through the client of the options, or through one of its own.
 *
 * @throws PayloadKVError `INVALID_STORE` for what is no Redis client or no address
 */
export function redisConnection(options: RedisConnectionOptions): RedisConnection {
  const prefix = prefixOf(options);
  // A client that is named and not there was forgotten, which is not to be taken for none.
  const source = 'client' in options ? givenClient(options.client as RedisClient) : ownClient(options.url);
  const current = (): RedisCommands | Promise<RedisCommands> => source.current() ?? source.open();

  /** Nothing is waited for where the client is there: then commands of one tick share a round trip. */
  const send: Send = (command, ...args) => {
    const commands = current();
    return commands instanceof Promise
      ? commands.then((opened) => opened.send(command, ...args))
      : commands.send(command, ...args);
  };

  /** Whether several keys may be named by one command. */
  const keepsTogether = ({ isCluster, keyPrefix }: RedisCommands): boolean =>
    !isCluster || /^[^{]*\{[^}]+\}/.test(keyPrefix + prefix);

  return {
    send,
    async read(keys) {
      if (keys.length === 0) return [];
      const commands = await current();
      const values = keepsTogether(commands)
        ? keys.length === 1
          ? [await commands.send('GET', keys[0] as string)]
          : ((await commands.send('MGET', ...keys)) as unknown[])
        : await Promise.all(keys.map((key) => commands.send('GET', key)));
      return values.map((value) => (typeof value === 'string' ? value : undefined));
    },
    async remove(keys) {
      if (keys.length === 0) return;
      const commands = await current();
      for (let start = 0; start < keys.length; start += PAGE) {
        const page = keys.slice(start, start + PAGE);
        if (keepsTogether(commands)) await commands.send('DEL', ...page);
        else await Promise.all(page.map((key) => commands.send('DEL', key)));
      }
    },
    nodes: async () => (await current()).nodes(),
    wholePrefix: async () => (await current()).keyPrefix + prefix,
    listen(channel, listener) {
      let isClosed = false;
      let end = (): void => {};
      const start = async (): Promise<void> => {
        const { subscribe } = await current();
        if (!subscribe || isClosed) return;
        end = keepSubscribed((onMessage, onLoss) => subscribe(channel, onMessage, onLoss), listener);
      };
      // Without an address there is nobody to listen to, which commands say.
      start().catch(() => undefined);
      return () => {
        isClosed = true;
        end();
      };
    },
    close: () => source.close(),
  };
}

/** What comes before every key. */
export function prefixOf(options: RedisConnectionOptions): string {
  const prefix = keyPrefix(options.prefix);
  if (typeof prefix === 'string') return prefix;
  throw new PayloadKVError({
    code: 'INVALID_STORE',
    message: `The prefix of redis must be text, not ${JSON.stringify(prefix)}.`,
    nextStep: 'Correct it, e.g. { prefix: "site:" }.',
  });
}

/** Where the client comes from. */
interface ClientSource {
  /** It, where it is there. */
  current(): RedisCommands | undefined;
  /** Creates it. Only a command connects it. */
  open(): Promise<RedisCommands>;
  close(): Promise<void>;
}

function givenClient(client: RedisClient): ClientSource {
  const commands = commandsOf(client);
  return { current: () => commands, open: async () => commands, close: async () => undefined };
}

// --- A client of our own ---

const CONNECT_TIMEOUT = 5_000;
/** A server that is there and silent for this long, in milliseconds, is taken for gone. */
const LONGEST_SILENCE = 5_000;
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 2_000;
const LONGEST_GOODBYE = 1_000;

/** What is used of ioredis beyond what any client has. */
interface Client {
  status: string;
  call(command: string, ...args: string[]): Promise<unknown>;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  quit(): Promise<unknown>;
  disconnect(): void;
  stream?: { ref?(): void; unref?(): void } | undefined;
  reconnectTimeout?: { unref?(): void } | null;
}

function ownClient(url: string | undefined): ClientSource {
  if (url !== undefined) checkURL(url, 'The url of redis');
  let opened: { client: Client; commands: RedisCommands } | undefined;
  let opening: Promise<RedisCommands> | undefined;

  async function create(): Promise<RedisCommands> {
    const address = url ?? processEnvironment().REDIS_URL;
    if (!address) {
      throw new PayloadKVError({
        code: 'REDIS_URL_MISSING',
        message: 'redis() has no client and no url, and REDIS_URL is not set.',
        nextStep: 'Set REDIS_URL, e.g. redis://127.0.0.1:6379, or give redis() a url or a client.',
      });
    }
    checkURL(address, url === undefined ? 'REDIS_URL' : 'The url of redis');
    const Redis = await importRedis();
    const client = new Redis(address, {
      lazyConnect: true,
      connectionName: 'payload-kv',
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: CONNECT_TIMEOUT,
      socketTimeout: LONGEST_SILENCE,
      // Some hosts are reached by IPv6 only.
      family: 0,
      retryStrategy: (attempt: number) => backoff(attempt, FIRST_PAUSE, LONGEST_PAUSE),
      // After a failover the old primary is a replica.
      reconnectOnError: (error: Error) => /^READONLY/.test(error.message),
    });
    const commands = keptQuiet(client, commandsOf(client), secretsOf(address));
    opened = { client, commands };
    return commands;
  }

  return {
    current: () => opened?.commands,
    open() {
      opening ??= create().finally(() => {
        opening = undefined;
      });
      return opening;
    },
    async close() {
      await opening?.catch(() => undefined);
      const closing = opened?.client;
      opened = undefined;
      if (!closing) return;
      // Commands that are under way are answered before.
      if (closing.status === 'ready') {
        await Promise.race([closing.quit().catch(() => undefined), sleep(LONGEST_GOODBYE)]);
      }
      closing.disconnect();
    },
  };
}

/** Its errors tell no secret, its reason is known where there is no connection, and idle it keeps no process alive. */
function keptQuiet(client: Client, commands: RedisCommands, secrets: readonly string[]): RedisCommands {
  let reason: string | undefined;
  let underWay = 0;
  const quiet = (text: string): string =>
    secrets.reduce((said, secret) => said.replaceAll(secret, '***'), text);
  client.on('error', (error) => {
    reason = quiet(textOf(error));
  });
  client.on('ready', () => {
    reason = undefined;
    if (underWay === 0) client.stream?.unref?.();
  });
  // A socket that is not connected yet would put each of these off, and keeps the process alive as it is.
  const whenReady = (method: 'ref' | 'unref'): void => {
    if (client.status === 'ready') client.stream?.[method]?.();
  };
  client.on('reconnecting', () => client.reconnectTimeout?.unref?.());
  const send: Send = async (command, ...args) => {
    underWay += 1;
    if (underWay === 1) whenReady('ref');
    try {
      return await commands.send(command, ...args);
    } catch (error) {
      if ((error as { code?: unknown }).code === 'REDIS_UNREACHABLE') throw unreachable(reason);
      if (error instanceof Error && !(error instanceof PayloadKVError)) error.message = quiet(error.message);
      throw error;
    } finally {
      underWay -= 1;
      if (underWay === 0) whenReady('unref');
    }
  };
  return { ...commands, send, nodes: () => [send] };
}

type RedisConstructor = new (url: string, options: object) => Client & RedisClient;

async function importRedis(): Promise<RedisConstructor> {
  try {
    // Inside `try`, so that a bundler of a site without it does not fail.
    const module = await import('ioredis');
    // Its first releases of 5 have it as default only.
    return (module.Redis ?? module.default) as unknown as RedisConstructor;
  } catch {
    throw new PayloadKVError({
      code: 'REDIS_CLIENT_MISSING',
      message: 'redis() without a client needs the package ioredis, which is not installed.',
      nextStep: 'Install it: npm install ioredis. Or give redis({ client }) a client of yours.',
    });
  }
}

/** Says of what is no address only that it is none: it may hold a password. */
function checkURL(url: unknown, name: string): void {
  const isAddress = typeof url === 'string' && URL.canParse(url) && /^rediss?:$/.test(new URL(url).protocol);
  if (isAddress) return;
  throw new PayloadKVError({
    code: 'INVALID_STORE',
    message: `${name} is not the address of a Redis.`,
    nextStep: 'Write it as redis://user:password@host:6379/0, or rediss://… for TLS.',
  });
}

function secretsOf(address: string): string[] {
  const { password } = new URL(address);
  const plain = decoded(password);
  return [...new Set([address, password, plain])].filter((secret) => secret !== '');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
