import { PayloadKVError } from '../errors.js';
import { tagName } from '../interfaces/keys.js';
import type { Registry, ReplaceContext } from '../interfaces/registry.js';
import { isWorkerd } from '../platform/background.js';
import { currentBinding } from '../platform/binding.js';
import { isObject } from '../platform/is-object.js';
import { withTimeout } from '../platform/timeout.js';
import type { CacheTagRequest } from './cache-tag-object.js';
import type { LockAnswer, LockRequest } from './lock-table.js';
import { memoryRegistry } from './memory.js';
import { toldLocks } from './told-locks.js';

/** The part of Cloudflare's `DurableObjectNamespace` that the registry uses. */
export interface DurableObjectBinding {
  /** The id of the object of a name; the same name has the same id everywhere. */
  idFromName(name: string): unknown;
  /** The object of an id, as something that requests are sent to. */
  get(
    id: never,
    options?: never,
  ): { fetch(url: string, init: { method: string; body: string }): Promise<unknown> };
}

/** Options of {@link durableObjectRegistry}. */
export interface DurableObjectRegistryOptions {
  /**
   * Name of the binding in `durable_objects` of the wrangler config, e.g. `'CACHE_TAGS'`; it is looked up anew for each
   * operation. Or the binding itself, or a function that returns it.
   */
  binding: string | DurableObjectBinding | (() => DurableObjectBinding | undefined);
  /**
   * The Cloudflare environment that holds the binding, where the config has it at hand. Not needed on OpenNext, whose
   * request context is looked at first.
   */
  env?: object;
  /** Begins the names of the objects. Sites that share a binding need different ones. Default `'payload-kv'`. */
  name?: string;
  /**
   * How many objects share the tags. All tags of a collection are in the same one, so that most lookups ask one object,
   * and one object answers about 1,000 requests a second. Changing the number makes all entries stale; changing it back
   * while entries of before still live does not. Default 4.
   */
  shards?: number;
  /** Where the objects are created, e.g. `'weur'`: near the database is best. Default: near the first request. */
  locationHint?: string;
}

const DEFAULT_SHARDS = 4;
/** How long to wait for an object to show that it runs here, in milliseconds. */
const PATIENCE = 10_000;

/**
 * Tag versions in Durable Objects: strongly consistent all over the world, at the price of a request to the object.
 * Versions younger than the consistency allows are remembered in the isolate.
 *
 * Outside of workerd, such as in `next dev`, Durable Objects of the same Worker do not run: versions are then in the
 * process, which a notice says.
 *
 * One function: its methods share the binding.
 *
 * @throws PayloadKVError `INVALID_REGISTRY` for options that name no binding
 */
export function durableObjectRegistry(options: DurableObjectRegistryOptions): Registry {
  const { binding, env, name = 'payload-kv', shards = DEFAULT_SHARDS, locationHint } = options;
  if (!binding) throw invalid('durableObjectRegistry needs a binding: { binding: "CACHE_TAGS" }.');
  if (!Number.isInteger(shards) || shards < 1) {
    throw invalid(
      `shards of durableObjectRegistry must be a whole number from 1 on, not ${JSON.stringify(shards)}.`,
    );
  }
  let inProcess: Promise<Registry | undefined> | undefined;

  function find(): DurableObjectBinding {
    const found = currentBinding(binding, env);
    const { idFromName, get } = (found ?? {}) as Partial<DurableObjectBinding>;
    if (typeof idFromName === 'function' && typeof get === 'function') return found as DurableObjectBinding;
    const which = typeof binding === 'string' ? `"${binding}"` : 'given to durableObjectRegistry';
    throw new PayloadKVError({
      code: 'BINDING_MISSING',
      message: `The Durable Object binding ${which} is not there.`,
      nextStep: 'Add it to durable_objects in the wrangler config, or run "payload-kv doctor".',
    });
  }

  async function ask(shard: number, request: CacheTagRequest): Promise<unknown> {
    const objects = find();
    const id = objects.idFromName(`${name}:${shard}`) as never;
    const object = locationHint ? objects.get(id, { locationHint } as never) : objects.get(id);
    const answer = (await object.fetch('https://payload-kv/', {
      method: 'POST',
      body: JSON.stringify(request),
    })) as Response;
    if (!answer.ok) throw new Error(`the Durable Object answered with status ${answer.status}`);
    return answer.json();
  }

  async function askForVersions(shard: number, request: CacheTagRequest): Promise<string[]> {
    const versions = await ask(shard, request);
    if (Array.isArray(versions) && versions.length === request.tags.length) return versions as string[];
    throw new Error('the Durable Object answered with something else than versions');
  }

  async function askForLock(lock: LockRequest): Promise<LockAnswer> {
    const name = tagName(lock.name);
    const request = { operation: 'lock' as const, tags: [], lock: { ...lock, name } };
    const answer = await ask(shardOf(name, shards), request);
    if (isObject(answer) && !Array.isArray(answer)) return answer;
    throw new PayloadKVError({
      code: 'LOCKS_NOT_DEPLOYED',
      message: 'The Durable Object is of a release of payload-kv that has no locks.',
      nextStep: 'Deploy the Worker that holds the class CacheTagRegistry again, with this release.',
    });
  }

  /** One request for each object that has some of the tags, all at once. */
  async function askAll(
    operation: CacheTagRequest['operation'],
    tags: readonly string[],
    context?: ReplaceContext,
  ): Promise<string[]> {
    const groups = new Map<number, number[]>();
    tags.forEach((tag, index) => {
      const shard = shardOf(tag, shards);
      const group = groups.get(shard);
      if (group) group.push(index);
      else groups.set(shard, [index]);
    });
    const versions = new Array<string>(tags.length);
    await Promise.all(
      [...groups].map(async ([shard, indexes]) => {
        const names = indexes.map((index) => tagName(tags[index] as string));
        const answer = await askForVersions(shard, {
          operation,
          tags: names,
          ...(context?.lifetime !== undefined && { lifetime: context.lifetime }),
          ...(context?.version !== undefined && { version: context.version }),
        });
        indexes.forEach((index, position) => {
          versions[index] = answer[position] as string;
        });
      }),
    );
    return versions;
  }

  const objectLocks = toldLocks('durableObject', askForLock);

  /** The registry of this process, where the objects do not run. */
  function fallback(): Promise<Registry | undefined> | undefined {
    if (isWorkerd()) return undefined;
    inProcess ??= withTimeout(askForVersions(0, { operation: 'get', tags: [] }), PATIENCE).then(
      () => undefined,
      () => memoryRegistry(),
    );
    return inProcess;
  }

  return {
    name: 'durableObject',
    defaultConsistency: 'strong',
    canBeStrong: true,
    async connect({ payload }) {
      if (!(await fallback())) return;
      payload.logger.info(
        'payload-kv: the Durable Object of the tag versions does not run here, so they are kept in this process. A write made here makes nothing stale on the deployed Worker.',
      );
    },
    async get(tags) {
      const local = await fallback();
      return local ? local.get(tags) : askAll('get', tags);
    },
    async replace(tags, context) {
      const local = await fallback();
      return local ? local.replace(tags, context) : askAll('replace', tags, context);
    },
    locks: {
      name: 'durableObject',
      async acquire(lock, lifetime) {
        const local = await fallback();
        return (local?.locks ?? objectLocks).acquire(lock, lifetime);
      },
    },
  };
}

/** The object of a tag: that of its collection or global, by FNV-1a. */
function shardOf(tag: string, shards: number): number {
  const [entity = ''] = tag.split(/[#?*~]/, 1);
  let value = 0x811c9dc5;
  for (let index = 0; index < entity.length; index++) {
    value = Math.imul(value ^ entity.charCodeAt(index), 0x01000193) >>> 0;
  }
  return value % shards;
}

function invalid(message: string): PayloadKVError {
  return new PayloadKVError({
    code: 'INVALID_REGISTRY',
    message,
    nextStep: 'Correct the options of durableObjectRegistry().',
  });
}
