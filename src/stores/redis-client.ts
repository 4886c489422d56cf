import { PayloadKVError } from '../errors.js';

/** A Redis client, by what it can do: ioredis has `call`, node-redis has `sendCommand`. */
export type RedisClient =
  | { call(command: string, ...args: string[]): Promise<unknown> }
  | { sendCommand(command: string[]): Promise<unknown> };

/** Sends one command. Commands sent without waiting for each other share a round trip, and keep their order. */
export type Send = (command: string, ...args: string[]) => Promise<unknown>;

/**
 * How commands reach a client.
 *
 * @throws PayloadKVError `INVALID_STORE` for what is no Redis client
 */
export function commandsOf(client: RedisClient): Send {
  const { call, sendCommand } = (client ?? {}) as Record<string, unknown>;
  // ioredis has both, and its `sendCommand` takes something else.
  const send =
    typeof call === 'function'
      ? (command: string, args: string[]) => call.call(client, command, ...args) as Promise<unknown>
      : typeof sendCommand === 'function'
        ? (command: string, args: string[]) =>
            sendCommand.call(client, [command, ...args]) as Promise<unknown>
        : undefined;
  if (!send) {
    throw new PayloadKVError({
      code: 'INVALID_STORE',
      message: 'redis needs a client of ioredis or node-redis: { client: new Redis(url) }.',
      nextStep: 'Create the client, and give it to redis({ client }).',
    });
  }
  return async (command, ...args) => {
    try {
      return await send(command, args);
    } catch (error) {
      throw explained(error);
    }
  };
}

function explained(error: unknown): unknown {
  if (!(error instanceof Error) || !/^CROSSSLOT/.test(error.message)) return error;
  return new PayloadKVError({
    code: 'REDIS_CLUSTER_SLOTS',
    message: 'This Redis is a cluster, and keeps the keys of one call on different nodes.',
    nextStep: 'Give redis() a prefix in braces, which keeps all keys together: { prefix: "{payload}:" }.',
    cause: error,
  });
}
