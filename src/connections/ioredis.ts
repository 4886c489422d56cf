/** Commands and subscriptions by a client of ioredis. */
import {
  anyOf,
  type Emitter,
  type Method,
  type RedisCommands,
  sending,
  unreachable,
} from './redis-commands.js';
import type { Subscribing } from './redis-subscription.js';
/** What is used of ioredis, where it is there. */
export type IoRedis = Emitter & {
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

/** How commands reach ioredis. */
export function commandsOfIoRedis(client: IoRedis): RedisCommands {
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
