import { sqliteAdapter } from '@payloadcms/db-sqlite';
import type { Block, BlocksField } from 'payload';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { memory, payloadKV } from '../../src/runtime/index.js';
import { tagsOf } from '../../src/runtime/query/dependencies.js';
import { readSiteSchema } from '../../src/runtime/query/site-schema.js';
import { type Started, startBlog } from '../support/payload.js';
import { lookupsOf } from './lookups.js';

/** As page builders have it: columns hold any block, and so do many of those. */
const SLUGS = ['columns', 'accordion', 'tabs', 'slider', 'card', 'teaser'];
const layout = (): BlocksField => ({
  name: 'layout',
  type: 'blocks',
  blocks: [],
  blockReferences: [...SLUGS] as never,
});

let site: Started;
beforeAll(async () => {
  const blocks: Block[] = SLUGS.map((slug) => ({
    slug,
    fields: [
      { name: 'title', type: 'text' },
      { name: 'author', type: 'relationship', relationTo: 'authors' },
      layout(),
    ],
  }));
  site = await startBlog({
    plugins: [payloadKV({ store: memory() })],
    configure: (config) => ({
      ...config,
      blocks,
      collections: [...(config.collections ?? []), { slug: 'builder', fields: [layout()] }],
      // Tables cannot nest without end.
      db: sqliteAdapter({ client: { url: ':memory:' }, blocksAsJSON: true }),
    }),
  });
});
afterAll(() => site.stop());

test('pages of blocks that refer to one another are cached, and a write makes them stale', async () => {
  const { payload } = site;
  const builder = 'builder' as 'posts';
  const page = await payload.create({
    collection: builder,
    data: {
      layout: [{ blockType: 'columns', layout: [{ blockType: 'tabs', title: 'old' }] }],
    } as never,
  });
  const read = () => payload.findByID({ collection: builder, id: page.id });
  await read();
  expect(await lookupsOf(payload, builder, read)).toEqual({ hit: 1 });
  await payload.update({
    collection: builder,
    id: page.id,
    data: { layout: [{ blockType: 'columns', layout: [{ blockType: 'tabs', title: 'new' }] }] } as never,
  });
  expect(JSON.stringify(await read())).toContain('new');
});

test('each block is looked at a few times, however many ways lead to it', () => {
  let looks = 0;
  for (const block of site.config.blocks ?? []) {
    const { flattenedFields } = block;
    Object.defineProperty(block, 'flattenedFields', {
      get() {
        looks += 1;
        return flattenedFields;
      },
    });
  }
  const schema = readSiteSchema(site.config, 'number');
  expect(schema.referrers('authors')).toContain('builder');
  const where = { [`${'layout.'.repeat(8)}author.name`]: { equals: 'Ada' } };
  expect(
    tagsOf({ operation: 'find', slug: 'builder', args: { where } }, { schema, slicesOf: () => [] }),
  ).toEqual(['authors', 'builder']);
  // There are 1,956 ways through six blocks without meeting one twice, and 1,679,616 of eight steps.
  expect(looks).toBeLessThan(1_000);
});
