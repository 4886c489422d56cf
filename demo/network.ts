/**
 * How far away the database and the KV of this process are, and how often they were asked. On one machine nothing is a
 * network away, as it is for a site: each call waits for the round trip that the demo states, and then is carried out.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KVBinding } from 'payload-kv/cloudflare';
import { READS, WRITES } from '../test/support/adapter-methods.js';

/** One per process: the project's config and the site share it. */
export const network = {
  /** Round trip of a call of the database adapter, in milliseconds. */
  databaseMs: 0,
  /** Round trip of a call of the KV binding, in milliseconds. */
  kvMs: 0,
  /** Calls of the database adapter since the start. */
  databaseCalls: 0,
  /** Calls of the KV binding since the start. */
  kvCalls: 0,
};

/** The adapter, of which each read and each write takes the round trip longer, and is counted. */
export function databaseBehindNetwork<Adapter extends object>(adapter: Adapter): Adapter {
  for (const name of [...READS, ...WRITES]) {
    const method = (adapter as Record<string, unknown>)[name];
    if (typeof method !== 'function') continue;
    Object.assign(adapter, {
      async [name](this: unknown, ...args: unknown[]) {
        network.databaseCalls += 1;
        if (network.databaseMs > 0) await sleep(network.databaseMs);
        return method.apply(this, args);
      },
    });
  }
  return adapter;
}

/** The namespace that `current` returns, of which each call takes the round trip longer. */
export function kvBehindNetwork(current: () => KVBinding): KVBinding {
  const roundTrip = () => {
    network.kvCalls += 1;
    return network.kvMs > 0 ? sleep(network.kvMs) : undefined;
  };
  return {
    async get(...args) {
      await roundTrip();
      return current().get(...args);
    },
    async put(...args) {
      await roundTrip();
      return current().put(...args);
    },
    async delete(...args) {
      await roundTrip();
      return current().delete(...args);
    },
    async list(...args) {
      await roundTrip();
      return current().list(...args);
    },
  };
}

/**
 * A namespace in this process. Miniflare's is in another one, over a local socket: what that takes says nothing of
 * Cloudflare's, so that times are measured with this one.
 */
export function kvInProcess(): KVBinding {
  const values = new Map<string, { value: string; expiresAt: number }>();
  const read = (key: string) => {
    const found = values.get(key);
    return found && found.expiresAt > Date.now() ? found.value : null;
  };
  return {
    get: async (keys) => new Map(keys.map((key) => [key, read(key)])),
    async put(key, value, { expirationTtl = Number.POSITIVE_INFINITY } = {}) {
      values.set(key, { value, expiresAt: Date.now() + expirationTtl * 1000 });
    },
    async delete(key) {
      values.delete(key);
    },
    async list({ prefix = '' }) {
      const names = [...values.keys()].filter((key) => key.startsWith(prefix) && read(key) !== null).sort();
      return { keys: names.map((name) => ({ name })), list_complete: true };
    },
  };
}
