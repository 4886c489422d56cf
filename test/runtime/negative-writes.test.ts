import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  getCacheStats,
  memory,
  payloadKV,
  type Store,
  settleCache,
  tiered,
} from '../../src/runtime/index.js';
import { type Clock, takeClock } from '../support/clock.js';
import { countDatabaseCalls, type Started, startBlog } from '../support/payload.js';

const calls = countDatabaseCalls();
let clock: Clock;
let site: Started;

beforeEach(() => {
  clock = takeClock();
});
afterEach(async () => {
  await site.stop();
  clock.stop();
});

async function start(store: Store): Promise<void> {
  site = await startBlog({ wrapAdapter: calls.wrapAdapter, plugins: [payloadKV({ store })] });
  await site.payload.create({ collection: 'categories', data: { name: 'a', slug: 'a' } });
  calls.reset();
}

const paid = (): Store => ({ ...memory(), paidWrites: true });
const writes = () => getCacheStats(site.payload)?.operations.storeWrites;

async function ask(slug: string): Promise<number> {
  const { totalDocs } = await site.payload.find({
    collection: 'categories',
    depth: 0,
    where: { slug: { equals: slug } },
  });
  await settleCache(site.payload);
  return totalDocs;
}

test('a store whose writes are paid for gets no entry of pages that somebody makes up', async () => {
  await start(paid());
  for (let page = 0; page < 50; page++) expect(await ask(`none-${page}`)).toBe(0);
  expect(writes()).toBe(0);
  expect(await ask('a')).toBe(1);
  expect(writes()).toBe(1);
});

test('a page that is missing and asked for again is an entry', async () => {
  await start(paid());
  await ask('none');
  await ask('none');
  expect(writes()).toBe(1);
  calls.reset();
  await ask('none');
  expect(calls.total()).toBe(0);
});

test('of pages that are made up and asked for again, so many in a minute are written and no more', async () => {
  await start(paid());
  for (let page = 0; page < 100; page++) for (const _time of [1, 2]) await ask(`none-${page}`);
  expect(writes()).toBeGreaterThan(0);
  // A minute may have ended meanwhile.
  expect(writes()).toBeLessThanOrEqual(60);
  clock.advance(60);
  const before = writes() as number;
  for (const _time of [1, 2]) await ask('another');
  expect(writes()).toBe(before + 1);
});

test('the tier in this process has them from the first time on', async () => {
  await start(tiered(memory(), paid()));
  await ask('none');
  calls.reset();
  await ask('none');
  expect(calls.total()).toBe(0);
  expect(writes()).toBe(0);
});

test('a store whose writes cost nothing has them from the first time on', async () => {
  await start(memory());
  await ask('none');
  expect(writes()).toBe(1);
});
