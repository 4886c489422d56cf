/** Commands and subscriptions by a client of node-redis. */
import { PayloadKVError } from '../errors.js';
import {
  anyOf,
  type Emitter,
  type Method,
  type RedisCommands,
  sending,
  textOf,
  unreachable,
} from './redis-commands.js';
import type { Subscribing } from './redis-subscription.js';
/** What is used of node-redis, where it is there. */
export type NodeRedis = Emitter & {
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

/** How commands reach node-redis. */
export function commandsOfNodeRedis(client: NodeRedis): RedisCommands {
  const connection = watchNodeRedis(client);
  const isCluster = typeof client.nodeClient === 'function';
  const isSentinel = typeof client.getSentinelNode === 'function';
  const send = sending(async (command, args) => {
    connection?.check();
    const whole = [command, ...args];
    // Never `isReadonly`: a replica may answer with an older version.
    if (isCluster) return client.sendCommand(firstKey(command, args), false, whole);
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

/** A script's come after it and their number. */
function firstKey(command: string, args: readonly string[]): string | undefined {
  if (command === 'EVAL') return args[2];
  return KEYED.has(command) ? args[0] : undefined;
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
