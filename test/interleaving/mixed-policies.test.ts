import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Where } from 'payload';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  getCacheStats,
  memory,
  type PayloadKVOptions,
  payloadKV,
  settleCache,
} from '../../src/runtime/index.js';
import { type Clock, takeClock } from '../support/clock.js';
import { type Started, startBlog } from '../support/payload.js';
import { removeDirectory } from '../support/remove-directory.js';
import { BACKENDS, type Shared } from './backends.js';

/** What processes of one site may differ in. */
type Deploy = Pick<PayloadKVOptions, 'collections' | 'enabled'>;

const NO_SLICES: Deploy = { collections: { posts: {}, categories: {} } };
const BY_SLUG: Deploy = { collections: { posts: { slices: ['slug'] }, categories: {} } };
const BY_BOTH: Deploy = { collections: { posts: { slices: ['slug', 'category'] }, categories: {} } };
const BY_CATEGORY: Deploy = { collections: { posts: { slices: ['category'] }, categories: {} } };
const WITHOUT_POSTS: Deploy = { collections: { categories: {} } };
const POSTS_OFF: Deploy = { collections: { posts: { enabled: false, slices: ['slug'] } } };
const ALL_OFF: Deploy = { enabled: false };

const PLACES = [
  ...BACKENDS.map((backend) => ({ ...backend, db: 'sqlite' as const })),
  ...BACKENDS.filter(({ name }) => name === 'database').map((backend) => ({
    ...backend,
    name: 'database, inside transactions,',
    db: 'sqlite-transactions' as const,
  })),
];

describe.each(PLACES.map((backend) => [backend.name, backend] as const))(
  'processes of different policies on the %s registry',
  (_name, backend) => {
    describe.skipIf(backend.missing)(`${backend.missing ?? 'a blog'}`, () => {
      let shared: Shared;
      let clock: Clock;
      let directory: string;
      let sites: Started[];
      let titles = 0;

      beforeAll(async () => {
        shared = await backend.start();
      });
      afterAll(() => shared?.stop());
      beforeEach(async () => {
        clock = takeClock();
        directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-mixed-'));
        sites = [];
      });
      afterEach(async () => {
        for (const site of sites) await site.stop();
        await removeDirectory(directory);
        clock.stop();
      });

      async function start(deploy: Deploy): Promise<Started> {
        const site = await startBlog({
          db: backend.db,
          url: `file:${path.join(directory, 'blog.db')}`,
          plugins: [
            payloadKV({ ...shared.join(), timeout: 30_000, ttl: '7d', namespace: directory, ...deploy }),
          ],
        });
        sites.push(site);
        return site;
      }

      /** Lets what is done in the background end, and the registry's bound pass. */
      async function settle(): Promise<void> {
        for (const { payload } of sites) await settleCache(payload, 20_000);
        clock.advance(backend.bound);
      }

      async function write({ payload }: Started, slug = 'one'): Promise<string> {
        const title = `title-${++titles}`;
        await payload.update({ collection: 'posts', where: { slug: { equals: slug } }, data: { title } });
        await settle();
        return title;
      }

      const QUERIES: Where[] = [
        { slug: { equals: 'one' } },
        { category: { equals: 1 } },
        { id: { equals: 1 } },
        { title: { exists: true } },
      ];

      /** The title of the first post, by each way to it. */
      async function titlesOf({ payload }: Started): Promise<unknown[]> {
        const found: unknown[] = [];
        for (const where of QUERIES) {
          const { docs } = await payload.find({ collection: 'posts', depth: 0, sort: 'id', where });
          found.push(docs[0]?.title);
        }
        return found;
      }

      /** Which of the ways to the first post are answered without the database, once they have been gone before. */
      async function hits({ payload }: Started): Promise<number> {
        const before = getCacheStats(payload)?.collections.posts?.hits ?? 0;
        await titlesOf({ payload } as Started);
        return (getCacheStats(payload)?.collections.posts?.hits ?? 0) - before;
      }

      async function warm(site: Started): Promise<void> {
        // An entry may be given up once, when others turn out to have written.
        for (let round = 0; round < 3; round++) {
          await titlesOf(site);
          await settle();
        }
      }

      async function fill({ payload }: Started): Promise<void> {
        for (const name of ['a', 'b'])
          await payload.create({ collection: 'categories', data: { name, slug: name } });
        for (const [slug, category] of [
          ['one', 1],
          ['two', 2],
        ] as const)
          await payload.create({
            collection: 'posts',
            data: { title: slug, slug, category, _status: 'published' },
          });
        await settle();
      }

      const everywhere = (title: string): string[] => QUERIES.map(() => title);

      test.each([
        ['none of the slices', NO_SLICES, BY_BOTH],
        ['one slice more', BY_BOTH, BY_SLUG],
        ['one slice less', BY_SLUG, BY_BOTH],
        ['another slice', BY_CATEGORY, BY_SLUG],
        ['not the collection', WITHOUT_POSTS, BY_BOTH],
        ['the collection turned off', POSTS_OFF, BY_BOTH],
      ] as [string, Deploy, Deploy][])(
        'a write is seen where the writer has %s, however often the two take turns',
        async (_difference, writer, reader) => {
          const one = await start(writer);
          const other = await start(reader);
          await fill(one);
          for (let turn = 0; turn < 2; turn++) {
            await warm(other);
            expect(await hits(other)).toBe(QUERIES.length);
            for (let time = 0; time < 2; time++) {
              const title = await write(one);
              expect(await titlesOf(other)).toEqual(everywhere(title));
              await settle();
              expect(await titlesOf(other)).toEqual(everywhere(title));
              await settle();
            }
            await warm(one);
            const own = await write(other);
            expect(await titlesOf(other)).toEqual(everywhere(own));
            expect(await titlesOf(one)).toEqual(everywhere(own));
            await settle();
          }
        },
      );

      test('a process that starts later with a smaller policy is seen from its first write on', async () => {
        const site = await start(BY_BOTH);
        await fill(site);
        await write(site);
        await warm(site);
        expect(await hits(site)).toBe(QUERIES.length);
        for (const script of [BY_SLUG, NO_SLICES, WITHOUT_POSTS]) {
          const title = await write(await start(script));
          expect(await titlesOf(site)).toEqual(everywhere(title));
          await warm(site);
          expect(await hits(site)).toBe(QUERIES.length);
        }
      });

      test('a deploy that is rolled back is served nothing from before the writes of the one between', async () => {
        const before = await start(BY_BOTH);
        await fill(before);
        await write(before);
        await warm(before);
        const between = await start(BY_SLUG);
        await warm(between);
        await write(between);
        const own = await write(between);
        const again = await start(BY_BOTH);
        expect(await titlesOf(again)).toEqual(everywhere(own));
        expect(await titlesOf(before)).toEqual(everywhere(own));
        await warm(again);
        const last = await write(again);
        expect(await titlesOf(between)).toEqual(everywhere(last));
        expect(await titlesOf(before)).toEqual(everywhere(last));
      });

      test('what another process once wrote under other slices leaves a write of this one as precise as before', async () => {
        const old = await start(BY_SLUG);
        await fill(old);
        await write(old);
        const site = await start(BY_BOTH);
        await write(site);
        await warm(site);
        await write(site, 'two');
        // The list alone: the post itself, its slug and its category are others.
        expect(await hits(site)).toBe(QUERIES.length - 1);
      });

      test('a process that writes again after weeks is seen, whoever left it out meanwhile', async () => {
        const [old, site] = [await start(BY_SLUG), await start(BY_BOTH)];
        await fill(old);
        await write(site);
        clock.advance(15 * 86_400);
        await write(site);
        await warm(site);
        const title = await write(old);
        expect(await titlesOf(site)).toEqual(everywhere(title));
      });

      // With versions in its own memory, a process whose cache is off has nobody to tell: the last test of this file.
      if (backend.name !== 'memory') {
        test('a process whose cache is off goes on to make stale', async () => {
          const off = await start(ALL_OFF);
          const site = await start(BY_BOTH);
          await fill(site);
          await warm(site);
          const title = await write(off);
          expect(getCacheStats(off.payload)?.total.hits).toBe(0);
          expect(await titlesOf(site)).toEqual(everywhere(title));
        });
      }
    });
  },
);

test('with versions in its own memory, a site whose cache is off is as it is without the plugin', async () => {
  const site = await startBlog({ plugins: [payloadKV({ enabled: false, store: memory() })] });
  expect(getCacheStats(site.payload)).toBeUndefined();
  await site.stop();
});
