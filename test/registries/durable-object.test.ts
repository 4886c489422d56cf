import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Rpc } from '@cloudflare/workers-types';
import { Miniflare } from 'miniflare';
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest';
import type { Registry, ReplaceContext } from '../../src/interfaces/registry.js';
import { type CacheTagRegistry, durableObjectRegistry } from '../../src/runtime/cloudflare.js';
import { getCacheStats, memory, payloadKV } from '../../src/runtime/index.js';
import { startBlog } from '../support/payload.js';
import { removeDirectory } from '../support/remove-directory.js';
import { workerBundle } from '../support/worker-bundle.js';
import { describeRegistry } from './conformance.js';

let script: string;
let directory: string;

beforeAll(async () => {
  script = await workerBundle({
    entryPoints: ['test/registries/durable-object/worker.ts'],
  });
  directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-durable-object-'));
});
afterAll(() => removeDirectory(directory));

/** Two Workers in a real workerd, each an isolate of its own, that share the objects. */
function startWorkers(persist?: string): Miniflare {
  const common = {
    modules: true as const,
    script,
    compatibilityDate: '2026-04-01',
    compatibilityFlags: ['nodejs_compat'],
  };
  return new Miniflare({
    ...(persist ? { durableObjectsPersist: persist } : {}),
    workers: [
      {
        ...common,
        name: 'one',
        durableObjects: { CACHE_TAGS: { className: 'CacheTagRegistry', useSQLite: true } },
      },
      {
        ...common,
        name: 'other',
        durableObjects: { CACHE_TAGS: { className: 'CacheTagRegistry', scriptName: 'one', useSQLite: true } },
      },
    ],
  });
}

/** The registry as the Worker of that name has it. */
function registryOf(miniflare: Miniflare, name: string, through?: 'env'): Registry {
  async function ask(
    operation: string,
    tags: readonly string[],
    { lifetime, version }: ReplaceContext = {},
  ): Promise<string[]> {
    const { fetch } = await miniflare.getWorker(name);
    const response = await fetch('http://worker.test/', {
      method: 'POST',
      body: JSON.stringify({ operation, tags, lifetime, version, through }),
    });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as string[];
  }
  const { name: own, defaultConsistency, canBeStrong } = durableObjectRegistry({ binding: 'CACHE_TAGS' });
  return {
    name: own,
    defaultConsistency,
    canBeStrong,
    get: (tags) => ask('get', tags),
    replace: (tags, context) => ask('replace', tags, context),
  };
}

describeRegistry(
  'durableObject in two Workers',
  () => {
    const miniflare = startWorkers();
    return {
      registry: registryOf(miniflare, 'one'),
      another: registryOf(miniflare, 'other', 'env'),
      stop: () => miniflare.dispose(),
    };
  },
  { hasEpoch: true },
);

describe('in workerd', () => {
  let miniflare: Miniflare;
  beforeAll(() => {
    miniflare = startWorkers();
  });
  afterAll(() => miniflare?.dispose());

  test('versions outlive the object, and so does the version of tags without one', async () => {
    const persist = path.join(directory, 'outlive');
    const first = startWorkers(persist);
    const tags = ['posts', 'posts#1', 'authors', '@header'];
    const registry = registryOf(first, 'one');
    await registry.replace(['posts', '@header']);
    const before = await registry.get(tags);
    await first.dispose();
    const second = startWorkers(persist);
    try {
      expect(await registryOf(second, 'other').get(tags)).toEqual(before);
    } finally {
      await second.dispose();
    }
  });

  test('objects that are new have versions that were never there', async () => {
    const another = startWorkers();
    try {
      const [mine] = await registryOf(miniflare, 'one').get(['untouched']);
      const [theirs] = await registryOf(another, 'one').get(['untouched']);
      expect(mine).not.toBe(theirs);
    } finally {
      await another.dispose();
    }
  });

  test('tags are spread over four objects, those of a collection in the same', async () => {
    const persist = path.join(directory, 'shards');
    const spread = startWorkers(persist);
    const objects = async () =>
      (await readdir(persist, { recursive: true })).filter((file) => /[0-9a-f]{64}\.sqlite$/.test(file))
        .length;
    try {
      const registry = registryOf(spread, 'one');
      await registry.replace(['posts', 'posts#1', 'posts?slug=a', 'posts*', 'posts~versions#1']);
      expect(await objects()).toBe(1);
      await registry.replace(Array.from({ length: 40 }, (_, index) => `collection-${index}`));
      expect(await objects()).toBe(4);
    } finally {
      await spread.dispose();
    }
  });

  test('a version that has outlived every entry is forgotten by an alarm, a younger one is not', async () => {
    const registry = registryOf(miniflare, 'one');
    const [first] = await registry.get(['alarm']);
    const [old] = await registry.replace(['alarm#old'], { lifetime: 1 });
    const [young] = await registry.replace(['alarm#young'], { lifetime: 86_400 });
    expect(old).not.toBe(first);
    await expect.poll(() => registry.get(['alarm#old']), { timeout: 60_000, interval: 200 }).toEqual([first]);
    expect(await registry.get(['alarm#young'])).toEqual([young]);
  });
});

describe('where Durable Objects do not run', () => {
  test.each([
    ['without a binding', undefined],
    [
      'with the binding that wrangler gives to next dev',
      {
        idFromName: () => ({}),
        get: () => ({ fetch: () => Promise.reject(new Error('internal error')) }),
      },
    ],
  ])('versions are in the process, and one notice says so: %s', async (_name, binding) => {
    const notices: string[] = [];
    const registry = durableObjectRegistry({ binding: () => binding });
    const site = await startBlog({
      plugins: [payloadKV({ store: memory(), registry })],
      configure: (config) => ({
        ...config,
        logger: {
          options: { level: 'info' },
          destination: {
            write(line: string) {
              if (line.includes('payload-kv:')) notices.push(line);
            },
          },
        } as never,
      }),
    });
    try {
      const { payload } = site;
      const names = async () =>
        (await payload.find({ collection: 'tags', sort: 'id' })).docs.map(
          (tag) => (tag as { name?: string }).name,
        );
      expect(await names()).toEqual([]);
      expect(await names()).toEqual([]);
      expect(getCacheStats(payload)?.collections.tags?.hits).toBe(1);
      await payload.create({ collection: 'tags', data: { name: 'a', slug: 'a' } });
      expect(await names()).toEqual(['a']);
      expect(notices).toHaveLength(1);
      expect(notices[0]).toContain('Durable Object');
      // What a store kept from another process is not fresh in this one.
      const [mine] = await registry.get(['untouched']);
      const [theirs] = await durableObjectRegistry({ binding: () => binding }).get(['untouched']);
      expect(mine).not.toBe(theirs);
    } finally {
      await site.stop();
    }
  });

  test('an object that runs elsewhere is used', async () => {
    const miniflare = startWorkers();
    try {
      const binding = (await miniflare.getDurableObjectNamespace('CACHE_TAGS', 'one')) as never;
      const versions = await durableObjectRegistry({ binding }).replace(['posts']);
      expect(await registryOf(miniflare, 'other').get(['posts'])).toEqual(versions);
    } finally {
      await miniflare.dispose();
    }
  });

  test('options without a binding, or with a strange number of objects, are refused', () => {
    expect(() => durableObjectRegistry({ binding: '' })).toThrow(/needs a binding/);
    expect(() => durableObjectRegistry({ binding: 'CACHE_TAGS', shards: 0 })).toThrow(/shards/);
  });
});

test('its class may stand in the types that `wrangler types` writes of the env', () => {
  expectTypeOf<CacheTagRegistry>().toExtend<Rpc.DurableObjectBranded>();
});
