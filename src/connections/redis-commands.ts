/** What is asked of a Redis client, and what its faults are told as. */
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

/** A method of a client. */
export type Method = (...args: unknown[]) => unknown;
/** What tells of the state of a connection. */
export type Emitter = { on?(event: string, listener: (...args: unknown[]) => void): unknown };

/** One of several, at random. Throws where there is none. */
export function anyOf<Value>(values: readonly Value[] | undefined): Value {
  const value = values?.[Math.floor(Math.random() * values.length)];
  if (value === undefined) throw unreachable(undefined);
  return value;
}

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

/** Sends by a client, with its faults as errors of a code. */
export function sending(send: (command: string, args: string[]) => Promise<unknown>): Send {
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
