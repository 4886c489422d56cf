import { PayloadKVError } from '../errors.js';

/** A Redis client, by what it can do. */
export type RedisClient =
  /** ioredis: `Redis`, also with sentinels, and `Cluster`. */
  | { call(command: string, ...args: string[]): Promise<unknown> }
  /** node-redis: `createClient()`. */
  | { sendCommand(command: string[]): Promise<unknown> }
  /** node-redis: `createSentinel()`. */
  | { sendCommand(isReadonly: boolean | undefined, command: string[]): Promise<unknown> }
  /** node-redis: `createCluster()`. */
  | {
      sendCommand(
        firstKey: string | undefined,
        isReadonly: boolean | undefined,
        command: string[],
      ): Promise<unknown>;
    };

/** Sends one command. Commands sent without waiting for each other share a round trip, and keep their order. */
export type Send = (command: string, ...args: string[]) => Promise<unknown>;

/** What a subscription tells. */
export interface MessageListener {
  /** It tells of everything from now on. */
  live(): void;
  message(text: string): void;
  /** Its connection is gone, and with it what was told meanwhile. A new one is being opened. */
  lost(): void;
}

/** What the store and the registry do with a client. */
export interface RedisCommands {
  /** Rejects at once while the connection is lost, instead of waiting in a queue of the client's. */
  send: Send;
  /** Whether the client knows the nodes of a cluster, which keep keys on several of them. */
  isCluster: boolean;
  /** What the client itself puts before the keys of commands. */
  keyPrefix: string;
  /** The nodes that hold keys. */
  nodes(): Send[] | Promise<Send[]>;
  /**
   * Opens a connection of its own and subscribes to a channel. Rejects where it cannot; afterwards `onLoss` is called
   * once when it is gone. `undefined` where the client cannot be duplicated.
   *
   * @returns ends it
   */
  subscribe:
    | ((channel: string, onMessage: (text: string) => void, onLoss: () => void) => Promise<() => void>)
    | undefined;
}

type Method = (...args: unknown[]) => unknown;
type Emitter = { on?(event: string, listener: (...args: unknown[]) => void): unknown };

/** What is used of ioredis, where it is there. */
type IoRedis = Emitter & {
  call: Method;
  isCluster?: boolean;
  status?: string;
  options?: { keyPrefix?: string };
  stream?: { unref?(): void };
  connect?(): Promise<unknown>;
  disconnect?(): void;
  duplicate?(options: object): IoRedis;
  nodes?(role: 'master'): IoRedis[];
  subscribe?(channel: string): Promise<unknown>;
};

/** What is used of node-redis, where it is there. */
type NodeRedis = Emitter & {
  sendCommand: Method;
  isOpen?: boolean;
  isReady?: boolean;
  masters?: unknown[];
  nodeClient?(node: unknown): NodeRedis | Promise<NodeRedis>;
  getSentinelNode?: Method;
  connect?(): Promise<unknown>;
  destroy?(): void;
  duplicate?(): NodeRedis;
  subscribe?(channel: string, listener: (message: string) => void): Promise<unknown>;
  unref?(): void;
};

/**
 * How commands reach a client.
 *
 * @throws PayloadKVError `INVALID_STORE` for what is no Redis client
 */
export function commandsOf(client: RedisClient): RedisCommands {
  const { call, sendCommand } = (client ?? {}) as Record<string, unknown>;
  // ioredis has both, and its `sendCommand` takes something else.
  if (typeof call === 'function') return commandsOfIoRedis(client as unknown as IoRedis);
  if (typeof sendCommand === 'function') return commandsOfNodeRedis(client as unknown as NodeRedis);
  throw new PayloadKVError({
    code: 'INVALID_STORE',
    message: 'redis needs a client of ioredis or node-redis: { client: new Redis(url) }.',
    nextStep: 'Create the client and give it to redis({ client }), or leave it away and set REDIS_URL.',
  });
}

function commandsOfIoRedis(client: IoRedis): RedisCommands {
  const connection = watchIoRedis(client);
  const send = sending(async (command, args) => {
    const waiting = connection?.ready();
    if (waiting) await waiting;
    const losses = connection?.losses();
    const answer = await client.call.call(client, command, ...args);
    // By default ioredis sends again what was under way when its connection was lost, and so a version of then, which
    // others may have replaced since: to fail makes another one take its place.
    if (connection?.losses() !== losses) throw unreachable(undefined);
    return answer;
  });
  return {
    send,
    isCluster: client.isCluster === true,
    keyPrefix: client.options?.keyPrefix ?? '',
    nodes: () =>
      typeof client.nodes === 'function'
        ? client.nodes('master').map((node) => commandsOfIoRedis(node).send)
        : [send],
    subscribe:
      typeof client.duplicate === 'function'
        ? (channel, onMessage, onLoss) =>
            // Any node of a cluster is told what is published on another.
            subscribeIoRedis(client.isCluster ? anyOf(client.nodes?.('master')) : client, channel, {
              onMessage,
              onLoss,
            })
        : undefined,
  };
}

function commandsOfNodeRedis(client: NodeRedis): RedisCommands {
  const connection = watchNodeRedis(client);
  const isCluster = typeof client.nodeClient === 'function';
  const isSentinel = typeof client.getSentinelNode === 'function';
  const send = sending(async (command, args) => {
    connection?.check();
    const whole = [command, ...args];
    // Never `isReadonly`: a replica may answer with an older version.
    if (isCluster) return client.sendCommand(KEYED.has(command) ? args[0] : undefined, false, whole);
    return isSentinel ? client.sendCommand(false, whole) : client.sendCommand(whole);
  });
  const masters = () => (client.masters ?? []) as unknown[];
  const nodeOf = async (master: unknown): Promise<NodeRedis> =>
    (await client.nodeClient?.(master)) as NodeRedis;
  return {
    send,
    isCluster,
    // Its own, if it has one, is not for commands that are sent as they are.
    keyPrefix: '',
    nodes: () =>
      isCluster
        ? Promise.all(masters().map(async (master) => commandsOfNodeRedis(await nodeOf(master)).send))
        : [send],
    // A sentinel's moves from server to server, and says nothing of what is lost on the way.
    subscribe:
      typeof client.duplicate === 'function' && !isSentinel
        ? async (channel, onMessage, onLoss) =>
            subscribeNodeRedis(isCluster ? await nodeOf(anyOf(masters())) : client, channel, {
              onMessage,
              onLoss,
            })
        : undefined,
  };
}

/** Commands whose first argument is a key. */
const KEYED = new Set(['GET', 'MGET', 'SET', 'DEL']);

function anyOf<Value>(values: readonly Value[] | undefined): Value {
  const value = values?.[Math.floor(Math.random() * values.length)];
  if (value === undefined) throw unreachable(undefined);
  return value;
}

// --- Whether a client is connected ---

interface IoRedisConnection {
  /** `undefined` where a command can go out; a promise while the first connection is being made; else throws. */
  ready(): Promise<void> | undefined;
  /** How often the connection was lost. */
  losses(): number;
}

/** One pair of listeners for each client, however many stores share it. */
const watchedIoRedis = new WeakMap<object, IoRedisConnection>();

/**
 * ioredis keeps commands in a queue while it is not connected. The first connection is worth waiting for; one that was
 * lost is not, for nobody knows how long it will be.
 */
function watchIoRedis(client: IoRedis): IoRedisConnection | undefined {
  if (typeof client.on !== 'function' || client.status === undefined) return undefined;
  const known = watchedIoRedis.get(client);
  if (known) return known;
  let isLost = false;
  let losses = 0;
  let connecting: { promise: Promise<void>; settle(isReady: boolean): void } | undefined;

  function settle(isReady: boolean): void {
    isLost = !isReady;
    if (isLost) losses += 1;
    connecting?.settle(isReady);
    connecting = undefined;
  }
  client.on('ready', () => settle(true));
  client.on('close', () => settle(false));
  client.on('end', () => settle(false));

  const connection: IoRedisConnection = {
    ready() {
      const { status } = client;
      if (status === 'ready') return undefined;
      const isFirst = status === 'wait' || status === 'connecting' || status === 'connect';
      if (!isFirst || (isLost && status !== 'wait')) throw unreachable(undefined);
      if (!connecting) {
        let settlePromise = (_isReady: boolean): void => {};
        const promise = new Promise<void>((resolve, reject) => {
          settlePromise = (isReady) => (isReady ? resolve() : reject(unreachable(undefined)));
        });
        connecting = { promise, settle: settlePromise };
        if (status === 'wait') client.connect?.().catch(() => undefined);
      }
      return connecting.promise;
    },
    losses: () => losses,
  };
  watchedIoRedis.set(client, connection);
  return connection;
}

interface NodeRedisConnection {
  /** Throws where a command would wait in the client's queue for a connection that was lost. */
  check(): void;
}

const watchedNodeRedis = new WeakMap<object, NodeRedisConnection>();

function watchNodeRedis(client: NodeRedis): NodeRedisConnection | undefined {
  if (typeof client.on !== 'function' || client.isReady === undefined) return undefined;
  const known = watchedNodeRedis.get(client);
  if (known) return known;
  let isLost = false;
  let message: string | undefined;
  // Without a listener an error of the connection would end the process.
  client.on('error', (error) => {
    isLost = true;
    message = textOf(error);
  });
  client.on('reconnecting', () => {
    isLost = true;
  });

  const connection: NodeRedisConnection = {
    check() {
      if (client.isReady) {
        isLost = false;
        return;
      }
      if (client.isOpen === false) {
        throw new PayloadKVError({
          code: 'REDIS_NOT_CONNECTED',
          message: 'The Redis client is not connected.',
          nextStep: 'Call connect() of the client that was given to redis({ client }).',
        });
      }
      if (isLost) throw unreachable(message);
    },
  };
  watchedNodeRedis.set(client, connection);
  return connection;
}

// --- Messages ---

interface Subscribing {
  onMessage(text: string): void;
  onLoss(): void;
}

async function subscribeIoRedis(
  client: IoRedis,
  channel: string,
  { onMessage, onLoss }: Subscribing,
): Promise<() => void> {
  const own = client.duplicate?.({
    lazyConnect: true,
    retryStrategy: () => null,
    sentinelRetryStrategy: () => null,
    enableOfflineQueue: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
  }) as IoRedis;
  let isLive = false;
  own.on?.('error', () => undefined);
  own.on?.('message', (_channel, text) => onMessage(String(text)));
  own.on?.('close', () => {
    if (isLive) onLoss();
    isLive = false;
  });
  const end = (): void => {
    isLive = false;
    own.disconnect?.();
  };
  try {
    await own.connect?.();
    await own.subscribe?.(channel);
  } catch (error) {
    end();
    throw error;
  }
  // It waits for what others do, which is no reason for a process to stay.
  own.stream?.unref?.();
  isLive = own.status === 'ready';
  if (!isLive) throw unreachable(undefined);
  return end;
}

async function subscribeNodeRedis(
  client: NodeRedis,
  channel: string,
  { onMessage, onLoss }: Subscribing,
): Promise<() => void> {
  const own = client.duplicate?.() as NodeRedis;
  let isLive = false;
  let isEnded = false;
  const end = (): void => {
    isLive = false;
    if (isEnded) return;
    isEnded = true;
    try {
      own.destroy?.();
    } catch {
      // It was never open.
    }
  };
  // It would connect again by itself, and not say that it has missed something.
  const lose = (): void => {
    const wasLive = isLive;
    end();
    if (wasLive) onLoss();
  };
  for (const event of ['error', 'reconnecting', 'terminated', 'end']) own.on?.(event, lose);
  try {
    await own.connect?.();
    await own.subscribe?.(channel, (text) => onMessage(text));
  } catch (error) {
    end();
    throw error;
  }
  own.unref?.();
  isLive = own.isReady === true && !isEnded;
  if (!isLive) throw unreachable(undefined);
  return end;
}

const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 5_000;

/**
 * Keeps a subscription alive: opens it anew, after growing pauses, until it is closed.
 *
 * @returns closes it
 */
export function keepSubscribed(
  open: (onMessage: (text: string) => void, onLoss: () => void) => Promise<() => void>,
  listener: MessageListener,
): () => void {
  let isClosed = false;
  let attempts = 0;
  let end: (() => void) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function run(): Promise<void> {
    try {
      const ended = await open(
        (text) => {
          if (!isClosed) listener.message(text);
        },
        () => {
          end = undefined;
          if (isClosed) return;
          listener.lost();
          again();
        },
      );
      if (isClosed) return ended();
      end = ended;
      attempts = 0;
      listener.live();
    } catch {
      again();
    }
  }

  function again(): void {
    if (isClosed) return;
    timer = setTimeout(() => void run(), backoff(attempts++, FIRST_PAUSE, LONGEST_PAUSE));
    timer.unref?.();
  }

  void run();
  return () => {
    isClosed = true;
    clearTimeout(timer);
    end?.();
  };
}

/** A pause in milliseconds that doubles with each attempt, from half of it to all of it at random. */
export function backoff(attempt: number, first: number, longest: number): number {
  return Math.min(longest, first * 2 ** Math.min(attempt, 20)) * (0.5 + Math.random() / 2);
}

// --- Errors ---

/** What a client's error says, which for several addresses tried is said by its code only. */
export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || String((error as { code?: unknown }).code ?? error.name);
}

/** The error of a command that finds no connection. */
export function unreachable(reason: string | undefined): PayloadKVError {
  return new PayloadKVError({
    code: 'REDIS_UNREACHABLE',
    message: `There is no connection to Redis${reason ? `: ${reason.replace(/\.$/, '')}` : ''}.`,
    nextStep: 'Check that Redis runs and that its address is right; the client connects again by itself.',
  });
}

function sending(send: (command: string, args: string[]) => Promise<unknown>): Send {
  return async (command, ...args) => {
    try {
      return await send(command, args);
    } catch (error) {
      throw explained(error);
    }
  };
}

/** Clients put the command into their errors, and with it values and passwords, which are nothing for a log. */
function explained(error: unknown): Error {
  if (error instanceof PayloadKVError) return error;
  const message = textOf(error);
  if (/^CROSSSLOT/.test(message)) {
    return new PayloadKVError({
      code: 'REDIS_CLUSTER_SLOTS',
      message: 'This Redis is a cluster, and keeps the keys of one call on different nodes.',
      nextStep:
        'Give redis() a client of the cluster, or a prefix in braces, which keeps all keys together: { prefix: "{payload}:" }.',
    });
  }
  if (/^(MOVED|ASK) /.test(message)) {
    return new PayloadKVError({
      code: 'REDIS_CLUSTER_CLIENT',
      message: 'This Redis is a cluster, and the client knows only one of its nodes.',
      nextStep: 'Give redis() a client of the cluster: { client: new Cluster([…]) } of ioredis.',
    });
  }
  const clean = new Error(message);
  if (error instanceof Error) clean.name = error.name;
  return clean;
}
