import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { kvRegistry } from '../../src/registries/kv.js';
import { memory, memoryRegistry, payloadKV, settleCache } from '../../src/runtime/index.js';
import { createVersionMemory } from '../../src/runtime/versions.js';
import type { Store } from '../../src/stores/store.js';
import { type Started, startBlog } from '../support/payload.js';

describe('what a process remembers of versions', () => {
  const TAGS = ['posts'];
  let time = 1_000_000;
  const remember = (propagation = 0) => createVersionMemory({ ...memoryRegistry(), propagation }, () => time);

  test('is as old as the question, not as its answer', () => {
    const versions = remember();
    const asked = versions.moment();
    time += 3_000;
    versions.learn(TAGS, ['one'], asked);
    expect(versions.recall(TAGS, 5)).toEqual(['one']);
    time += 2_000;
    expect(versions.recall(TAGS, 5)).toEqual([undefined]);
  });

  test('is not taken back by an earlier question that is answered later', () => {
    const versions = remember();
    const early = versions.moment();
    const late = versions.moment();
    expect(versions.learn(TAGS, ['new'], late)).toEqual(['new']);
    expect(versions.learn(TAGS, ['old'], early)).toEqual(['new']);
    expect(versions.recall(TAGS, 5)).toEqual(['new']);
  });

  test('of two replacements under way together is the one that began later', () => {
    const versions = remember(120);
    const [early, late] = [versions.moment(), versions.moment()];
    versions.replaced(TAGS, ['late'], late);
    versions.replaced(TAGS, ['early'], early);
    expect(versions.recall(TAGS, 0)).toEqual(['late']);
  });

  test('is asked for anew where the clock was set back', () => {
    const versions = remember(120);
    versions.learn(TAGS, ['one'], versions.moment());
    versions.replaced(['pages'], ['own'], versions.moment());
    time -= 10;
    expect(versions.recall(TAGS, 0)).toEqual([undefined]);
    // Its own replacement it keeps to.
    expect(versions.recall(['pages'], 0)).toEqual(['own']);
    time -= 3_600_000;
    expect(versions.recall([...TAGS, 'pages'], 5)).toEqual([undefined, undefined]);
  });
});

test('the later of two writes is seen where the earlier is told last that its version is stored', async () => {
  const entries = memory();
  let told: Promise<void> | undefined;
  let shows = (): void => {};
  // Workers KV may show a version to readers before it tells its writer.
  const store: Store = {
    ...entries,
    async set(key, value, ttl) {
      await entries.set(key, value, ttl);
      if (!told || !key.includes(':tag:')) return;
      shows();
      await told;
    },
  };
  const directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-versions-'));
  const start = () => {
    const registry = kvRegistry(store, { interval: 10 });
    return startBlog({
      url: `file:${path.join(directory, 'blog.db')}`,
      plugins: [payloadKV({ store, registry, collections: { categories: {} } })],
    });
  };
  const site = await start();
  const { payload } = site;
  const { id } = await payload.create({ collection: 'categories', data: { name: 'first', slug: 'a' } });
  const another = await start();
  const read = (from: Started) =>
    from.payload.db.findOne({ collection: 'categories', where: { id: { equals: id } } });
  const write = (name: string) => payload.db.updateOne({ collection: 'categories', id, data: { name } });
  await settleCache(payload);
  await sleep(20);

  let tell = (): void => {};
  told = new Promise((resolve) => {
    tell = resolve;
  });
  const shown = new Promise<void>((resolve) => {
    shows = resolve;
  });
  const earlier = write('earlier');
  await shown;
  expect(await read(another)).toMatchObject({ name: 'earlier' });
  await settleCache(another.payload);
  await write('later');
  tell();
  await earlier;
  await settleCache(payload);
  expect(await read(site)).toMatchObject({ name: 'later' });
  await site.stop();
  await another.stop();
  await rm(directory, { recursive: true, force: true });
});
