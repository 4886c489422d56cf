import {
  type CloudflareAPI,
  CloudflareAPIError,
  type CloudflareAPIOptions,
  cloudflareAPI,
  pauseAfter,
} from '../connections/cloudflare-api.js';
import { PayloadKVError } from '../errors.js';
import type { Registry } from '../interfaces/registry.js';
import type { Store } from '../interfaces/store.js';
import { keyPrefix } from '../platform/environment.js';
import { isObject } from '../platform/is-object.js';
import { kvRegistry } from '../registries/kv.js';
import { checkPrefix, LARGEST_VALUE, MOST_KEYS, SHORTEST_EXPIRY } from './cloudflare-kv.js';
import { gatherReads } from './gathered-reads.js';
import { type GatheredWrite, gatherWrites } from './gathered-writes.js';
import { healthOf } from './health.js';

/** Options of {@link cloudflareKVRest}. All of them may be left out where the environment has the rest. */
export interface CloudflareKVRestOptions extends CloudflareAPIOptions {
  /** Comes before every key. Default none; PAYLOAD_KV_PREFIX wins. */
  prefix?: string;
  /**
   * Further attempts of a write after a fault of the server or the network, or too many requests; a read gets one at
   * most. Default 3.
   */
  retries?: number;
  /**
   * Shortest time between two bulk writes, in milliseconds; what comes meanwhile goes together. The default, 500, keeps
   * them below half of the API's limit of 1,200 requests in five minutes.
   */
  writeInterval?: number;
  /**
   * Most bytes of values that wait to be written, counted as two per character. Beyond them a write fails. Default
   * 64 MiB.
   */
  maxWaitingBytes?: number;
}

/** Milliseconds a read waits for others to share its request, and a write for others. */
const READ_MOMENT = 2;
const WRITE_MOMENT = 20;
const DEFAULT_WRITE_INTERVAL = 500;
const DEFAULT_WAITING_BYTES = 64 * 1024 * 1024;
const DEFAULT_RETRIES = 3;
/** Bulk reads under way at any time. */
const MOST_READS = 6;
/** Keys that wait to be read; beyond them a read fails at once, and the database answers. */
const MOST_WAITING_READS = 10_000;
/** Most pairs of a bulk write, and keys of a bulk deletion. https://developers.cloudflare.com/kv/api/write-key-value-pairs/ */
const MOST_PAIRS = 10_000;
/** Characters of a bulk write, far below the 100 MB that the API takes, so that each request ends in time. */
const MOST_CHARACTERS = 8_000_000;
/** Longest key in bytes. https://developers.cloudflare.com/kv/platform/limits/ */
const LONGEST_KEY = 512;

/**
 * Entries in Workers KV through Cloudflare's HTTP API, for Payload on Node. Reads made at the same time share requests,
 * writes go in bulk. Best behind a tier in the process, `tiered(memory(), cloudflareKVRest())`: the API takes 1,200
 * requests in five minutes from a user, and refuses all for five minutes after more. While it refuses, reads fail at
 * once and the database answers. On Workers use `cloudflareKV`, which has no such limit.
 *
 * One function: its methods share the reads and writes that wait for a request.
 *
 * @throws PayloadKVError `INVALID_STORE` for an option that cannot be. What is neither given nor in the environment is
 * told by the first call, `CLOUDFLARE_SETTING_MISSING`, so that a project can be built without it.
 */
export function cloudflareKVRest(options: CloudflareKVRestOptions = {}): Store {
  const { retries = DEFAULT_RETRIES } = options;
  const prefix = keyPrefix(options.prefix);
  const { writeInterval = DEFAULT_WRITE_INTERVAL, maxWaitingBytes = DEFAULT_WAITING_BYTES } = options;
  checkPrefix('cloudflareKVRest', prefix);
  for (const [name, value] of Object.entries({ retries, writeInterval, maxWaitingBytes })) {
    if (!Number.isInteger(value) || value < 0) {
      throw invalid(`${name} of cloudflareKVRest must be a whole number of at least 0.`);
    }
  }
  const api = cloudflareAPI(options);
  const reads = gatherReads({
    ask: (keys) => readBulk(api, keys, retries),
    moment: READ_MOMENT,
    mostKeys: MOST_KEYS,
    mostRequests: MOST_READS,
    mostWaiting: MOST_WAITING_READS,
  });
  const writes = gatherWrites({
    send: (batch) => send(api, batch),
    pauseAfter,
    retries,
    moment: WRITE_MOMENT,
    interval: writeInterval,
    maximumBytes: maxWaitingBytes,
  });

  const read = (key: string): Promise<string | undefined> => reads.read(prefix + key);

  function write(key: string, value: string | undefined, ttl: number | undefined): Promise<void> {
    const name = prefix + key;
    if (name === '' || name === '.' || name === '..' || bytesOf(name) > LONGEST_KEY) {
      return Promise.reject(
        new PayloadKVError({
          code: 'INVALID_KEY',
          message: `Cloudflare KV takes no key that is empty, ".", ".." or longer than ${LONGEST_KEY} bytes.`,
        }),
      );
    }
    return writes.write(name, value, ttl);
  }

  let registry: Registry | undefined;
  const store: Store = {
    name: 'cloudflareKVRest',
    minimumTtl: SHORTEST_EXPIRY,
    maximumBytes: LARGEST_VALUE,
    paidWrites: true,
    timeout: 1_000,
    get: read,
    getMany: (keys) => Promise.all(keys.map(read)),
    set: write,
    async setMany(all) {
      await Promise.all(all.map(({ key, value, ttl }) => write(key, value, ttl)));
    },
    delete: (key) => write(key, undefined, undefined),
    async deleteMany(keys) {
      await Promise.all(keys.map((key) => write(key, undefined, undefined)));
    },
    async *list(beginning) {
      let cursor: string | undefined;
      do {
        const query = new URLSearchParams({ limit: '1000', prefix: prefix + beginning });
        if (cursor !== undefined) query.set('cursor', cursor);
        const page = await api.retry({ method: 'GET', path: `/keys?${query}` }, retries);
        if (!Array.isArray(page.result)) {
          throw new CloudflareAPIError("Cloudflare's API answered a list without keys.");
        }
        const names = page.result.map((key: { name?: unknown } | null) => String(key?.name));
        // A page may be empty; only an absent cursor ends the list.
        if (names.length > 0) yield names.map((name) => name.slice(prefix.length));
        cursor = page.cursor;
      } while (cursor !== undefined);
    },
    health: () => healthOf(() => api.request({ method: 'GET', path: '' })),
    close: () => writes.flush(),
    defaultRegistry() {
      registry ??= kvRegistry(store);
      return registry;
    },
  };
  return store;
}

/** Reads keys in one request, or in several where their values are too large for one. */
async function readBulk(
  api: CloudflareAPI,
  keys: readonly string[],
  retries: number,
): Promise<Map<string, string>> {
  const body = JSON.stringify({ keys, type: 'text' });
  try {
    const { result } = await api.retry(
      { method: 'POST', path: '/bulk/get', body, isDispensable: true },
      Math.min(1, retries),
    );
    const { values } = (result ?? {}) as { values?: unknown };
    if (!isObject(values)) {
      throw new CloudflareAPIError("Cloudflare's API answered a read without values.");
    }
    // Absent keys are null.
    const pairs = Object.entries(values).filter(
      (pair): pair is [string, string] => typeof pair[1] === 'string',
    );
    return new Map(pairs);
  } catch (error) {
    // All values together exceed 25 MB.
    if (statusOf(error) !== 413 || keys.length === 1) throw error;
    const halves = await Promise.all(inHalves(keys).map((half) => readBulk(api, half, retries)));
    return new Map(halves.flatMap((half) => [...half]));
  }
}

/** Writes in as few requests as possible. The faults are by key. */
async function send(
  api: CloudflareAPI,
  batch: readonly GatheredWrite[],
): Promise<ReadonlyMap<string, unknown>> {
  const faults = new Map<string, unknown>();
  const pairs = batch.filter(({ value }) => value !== undefined);
  const deleted = batch.filter(({ value }) => value === undefined);
  await Promise.all([
    ...inChunks(pairs).map((chunk) => sendChunk(api, 'PUT', '/bulk', chunk, faults)),
    ...inChunks(deleted).map((chunk) => sendChunk(api, 'POST', '/bulk/delete', chunk, faults)),
  ]);
  return faults;
}

async function sendChunk(
  api: CloudflareAPI,
  method: 'PUT' | 'POST',
  path: string,
  chunk: readonly GatheredWrite[],
  faults: Map<string, unknown>,
): Promise<void> {
  const content = chunk.map(({ key, value, ttl }) =>
    method === 'POST'
      ? key
      : {
          key,
          value,
          ...(ttl === undefined ? {} : { expiration_ttl: Math.max(SHORTEST_EXPIRY, Math.ceil(ttl)) }),
        },
  );
  try {
    const { result } = await api.request({ method, path, body: JSON.stringify(content) });
    const { unsuccessful_keys: failed } = (result ?? {}) as { unsuccessful_keys?: unknown };
    for (const key of Array.isArray(failed) ? failed : []) {
      faults.set(
        String(key),
        new CloudflareAPIError("Cloudflare's API did not write a key of a bulk write."),
      );
    }
  } catch (error) {
    // One that the API refuses takes all of its request with it: find out which.
    if (chunk.length > 1 && (statusOf(error) === 400 || statusOf(error) === 413)) {
      await Promise.all(inHalves(chunk).map((half) => sendChunk(api, method, path, half, faults)));
      return;
    }
    for (const { key } of chunk) faults.set(key, error);
  }
}

/** HTTP status of a request that failed. */
function statusOf(error: unknown): number | undefined {
  const failure = error instanceof PayloadKVError ? error.cause : error;
  return failure instanceof CloudflareAPIError ? failure.status : undefined;
}

function inHalves<Item>(items: readonly Item[]): [Item[], Item[]] {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)];
}

/** Splits writes into requests; a value that is larger than one should be goes alone. */
function inChunks(writes: readonly GatheredWrite[]): GatheredWrite[][] {
  const chunks: GatheredWrite[][] = [];
  let characters = 0;
  for (const write of writes) {
    const length = write.key.length + (write.value?.length ?? 0);
    const last = chunks.at(-1);
    if (last && last.length < MOST_PAIRS && characters + length <= MOST_CHARACTERS) {
      last.push(write);
      characters += length;
    } else {
      chunks.push([write]);
      characters = length;
    }
  }
  return chunks;
}

function bytesOf(text: string): number {
  return 3 * text.length <= LONGEST_KEY ? text.length : new TextEncoder().encode(text).length;
}

function invalid(message: string): PayloadKVError {
  return new PayloadKVError({
    code: 'INVALID_STORE',
    message,
    nextStep: 'Correct the options of cloudflareKVRest().',
  });
}
