import type { CollectionConfig } from 'payload';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { memory, payloadKV, settleCache } from '../../src/runtime/index.js';
import { type Started, startBlog } from '../support/payload.js';

/** Refers to what is Payload's own, and never cached itself. */
const Reports: CollectionConfig = {
  slug: 'reports',
  fields: [{ name: 'preference', type: 'relationship', relationTo: 'payload-preferences' }],
};

let site: Started;
beforeAll(async () => {
  site = await startBlog({
    plugins: [payloadKV({ store: memory() })],
    configure: (config) => ({ ...config, collections: [...(config.collections ?? []), Reports] }),
  });
});
afterAll(() => site.stop());

test('a query that looks into Payload’s own records by a relation depends on them', async () => {
  const { db } = site.payload;
  const { id: user } = await db.create({
    collection: 'users',
    data: { email: 'ada@example.com', createdAt: new Date().toISOString() },
  });
  const preference = await db.create({
    collection: 'payload-preferences',
    data: { key: 'before', user: { relationTo: 'users', value: user } },
  });
  await db.create({ collection: 'reports', data: { preference: preference.id } });
  const find = async () => {
    const where = { 'preference.key': { equals: 'before' } };
    const { docs } = await db.find({ collection: 'reports', where, req: {} });
    await settleCache(site.payload);
    return docs.length;
  };
  expect([await find(), await find()]).toEqual([1, 1]);
  await db.updateOne({
    collection: 'payload-preferences',
    id: preference.id,
    data: { key: 'after' },
    req: {},
  });
  expect(await find()).toBe(0);
});
