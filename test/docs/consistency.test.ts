import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type CacheStats,
  databaseRegistry,
  getCacheStats,
  memory,
  memoryRegistry,
  type PayloadKVOptions,
  payloadKV,
  settleCache,
} from 'payload-kv';
import { cloudflareKV, durableObjectRegistry } from 'payload-kv/cloudflare';
import { redis, redisRegistry } from 'payload-kv/redis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createMiniflare, startBlog } from '../support/payload.js';
import { hasRedis, type RedisServer, startRedis } from '../support/redis.js';
import { removeDirectory } from '../support/remove-directory.js';
import { readDocument } from './blocks.js';

const MODES = { strong: 'strong', bounded: { bounded: '1h' }, eventual: 'eventual' } as const;
type Mode = keyof typeof MODES;
type Parts = Pick<PayloadKVOptions, 'store' | 'registry'>;

const KV = createMiniflare();
let directory: string;
let redisServer: RedisServer | undefined;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-consistency-'));
  if (hasRedis) redisServer = await startRedis();
});
afterAll(async () => {
  await KV.dispose();
  await redisServer?.stop();
  await removeDirectory(directory);
});

/** Answers at once, as an object that runs elsewhere would. */
function objects() {
  const versions = new Map<string, string>();
  return {
    idFromName: (name: string) => name,
    get: () => ({
      fetch: async (_url: string, { body }: { body: string }) => {
        const { operation, tags } = JSON.parse(body) as { operation: string; tags: string[] };
        if (operation === 'replace') for (const tag of tags) versions.set(tag, `${Math.random()}`);
        return Response.json(tags.map((tag) => versions.get(tag) ?? 'first'));
      },
    }),
  };
}

const MADE: Record<string, () => Parts | Promise<Parts>> = {
  'memoryRegistry()': () => ({ store: memory(), registry: memoryRegistry() }),
  'kvRegistry(store)': async () => ({
    store: cloudflareKV({ binding: (await KV.getKVNamespace('PAYLOAD_CACHE')) as never }),
  }),
  'redis()': () => ({ store: redis({ client: (redisServer as RedisServer).connect() }) }),
  'redisRegistry()': () => ({
    store: memory(),
    registry: redisRegistry({ client: (redisServer as RedisServer).connect() }),
  }),
  'databaseRegistry()': () => ({ store: memory(), registry: databaseRegistry() }),
  'durableObjectRegistry({ binding })': () => ({
    store: memory(),
    registry: durableObjectRegistry({ binding: objects() }),
  }),
};

/** Rows of the table of costs: registry, and a cell for each mode. */
const rows = readDocument('docs/consistency.md')
  .split('\n')
  .filter((line) => /^\|.*\d \+ \d/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, name = '', strong = '', bounded = '', eventual = '']) => ({
    name: name.replaceAll('`', ''),
    cells: { strong, bounded, eventual },
  }));

test('The table of costs has a row for each registry', () => {
  expect(rows.map(({ name }) => name)).toEqual(Object.keys(MADE));
});

const REFUSED = rows.flatMap(({ name, cells }) =>
  (Object.keys(MODES) as Mode[])
    .filter((mode) => cells[mode] === 'refused')
    .map((mode) => [name, mode] as const),
);

test.each(REFUSED)('%s, %s: is refused at start', async (name, mode) => {
  const options = { ...(await MADE[name]?.()), consistency: MODES[mode] } as PayloadKVOptions;
  expect(() => payloadKV(options)).toThrow(new RegExp(mode));
});

describe.each(rows.filter(({ name }) => hasRedis || !name.startsWith('redis')))(
  '$name',
  ({ name, cells }) => {
    test('costs a lookup what the table says', async () => {
      // The clock stands still: how long a version serves is then no question of the machine.
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
      const collections = { strong: 'tags', bounded: 'authors', eventual: 'categories' } as const;
      const modes = (Object.keys(MODES) as Mode[]).filter((mode) => cells[mode] !== 'refused');
      const policies = modes.map((mode) => [collections[mode], { consistency: MODES[mode] }]);
      const site = await startBlog({
        url: `file:${path.join(directory, `${rows.findIndex((row) => row.name === name)}.db`)}`,
        plugins: [
          payloadKV({ ...((await MADE[name]?.()) as Parts), collections: Object.fromEntries(policies) }),
        ],
      });
      try {
        for (const mode of modes) {
          const find = async () => {
            await site.payload.find({ collection: collections[mode], depth: 0, joins: false });
            await settleCache(site.payload);
            const { operations, total } = getCacheStats(site.payload) as CacheStats;
            return { ...operations, hits: total.hits };
          };
          await find();
          const before = await find();
          const after = await find();
          expect(after.hits).toBe(before.hits + 1);
          const cost = `${after.storeReads - before.storeReads} + ${after.registryReads - before.registryReads}`;
          expect(`${mode}: ${cost}`).toBe(`${mode}: ${cells[mode]}`);
        }
      } finally {
        vi.useRealTimers();
        await site.stop();
      }
    });
  },
);
