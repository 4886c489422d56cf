import { afterEach, expect, test } from 'vitest';
import { getCacheStats, memory, payloadKV, type Store, settleCache } from '../../src/runtime/index.js';
import { type Started, startBlog } from '../support/payload.js';

let site: Started | undefined;
afterEach(() => site?.stop());

/** A store across a network, so that there is a while between the question to it and the one to the database. */
function farStore(): Store {
  const { near: _near, ...store } = memory();
  return { ...store, getMany: async (keys) => store.getMany(keys) };
}

async function startWithTags(): Promise<Started> {
  site = await startBlog({ plugins: [payloadKV({ store: farStore() })] });
  for (const name of ['a', 'b']) await site.payload.create({ collection: 'tags', data: { name } });
  return site;
}

const namesOf = (found: unknown): string[] =>
  (found as { docs: { name: { en: string } }[] }).docs.map(({ name }) => name.en);

test('who changes the arguments of a call under way spoils nobody else’s answer', async () => {
  const { payload } = await startWithTags();
  const condition = { equals: '' };
  const args = { collection: 'tags' as const, where: { name: condition }, locale: 'en' };
  const asked = ['a', 'b'].map((name) => {
    condition.equals = name;
    return payload.db.find(args);
  });
  await Promise.all(asked);
  const read = (name: string) => payload.db.find({ ...args, where: { name: { equals: name } } });
  for (let time = 0; time < 2; time++) {
    expect(namesOf(await read('a'))).toEqual(['a']);
    expect(namesOf(await read('b'))).toEqual(['b']);
  }
});

test('arguments that say another thing each time are answered, and nothing is kept of them', async () => {
  const { payload } = await startWithTags();
  let turn = 0;
  const where = {
    get name() {
      turn += 1;
      return { not_equals: `b${turn}` };
    },
  };
  for (let time = 0; time < 3; time++) {
    const found = await payload.db.find({ collection: 'tags', where, locale: 'en', sort: 'name' });
    expect(namesOf(found)).toEqual(['a', 'b']);
  }
  await settleCache(payload);
  expect(getCacheStats(payload)?.collections.tags).toMatchObject({ misses: 3, writes: 0 });
});
