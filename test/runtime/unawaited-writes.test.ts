import { afterAll, beforeAll, expect, test } from 'vitest';
import { memory, payloadKV } from '../../src/runtime/index.js';
import { type Started, startBlog } from '../support/payload.js';

let blog: Started;
beforeAll(async () => {
  blog = await startBlog({
    db: 'sqlite-transactions',
    seed: 3,
    plugins: [payloadKV({ store: memory() })],
  });
});
afterAll(() => blog.stop());

/** Lets `count` steps of what is under way run. */
async function steps(count: number): Promise<void> {
  for (let step = 0; step < count; step++) await null;
}

/** What a hook does that calls `payload.update({ req })` without waiting for it. */
test.each([1, 2, 3, 5, 8, 13, 21, 34])(
  'a write that nobody waits for is seen when its transaction ends %i steps after it began',
  async (count) => {
    const { db } = blog.payload;
    const read = (id: string | number) =>
      db.findOne<{ id: number; name: string }>({ collection: 'categories', where: { id: { equals: id } } });
    const rename = (id: string | number, transactionID: string | number) =>
      db.updateOne({
        collection: 'categories',
        id,
        data: { name: `renamed ${count}` },
        req: { transactionID },
      });
    const { docs } = await db.find<{ id: number }>({ collection: 'categories', limit: 2 });
    const [awaited, unawaited] = docs.map(({ id }) => id) as [number, number];
    await read(unawaited);
    const transactionID = (await db.beginTransaction({})) as string;
    await rename(awaited, transactionID);
    const writing = rename(unawaited, transactionID);
    await steps(count);
    await db.commitTransaction(transactionID);
    await writing;
    expect(await read(awaited)).toMatchObject({ name: `renamed ${count}` });
    expect(await read(unawaited)).toMatchObject({ name: `renamed ${count}` });
  },
);
