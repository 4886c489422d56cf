import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import type { Store } from '../../src/interfaces/store.js';
import { kvRegistry } from '../../src/registries/kv.js';
import { memoryRegistry, payloadKV, settleCache } from '../../src/runtime/index.js';
import { createVersionMemory } from '../../src/runtime/versions/version-memory.js';
import { type Started, startBlog } from '../support/payload.js';
import { removeDirectory } from '../support/remove-directory.js';
import { sharedMemory } from '../support/shared-memory.js';

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

  test('is no younger where the clock was set back', () => {
    const versions = remember(120);
    versions.learn(TAGS, ['one'], versions.moment());
    versions.replaced(['pages'], ['own'], versions.moment());
    const began = performance.now();
    const steady = vi.spyOn(performance, 'now');
    try {
      time -= 3_600_000;
      expect(versions.recall(TAGS, 0)).toEqual([undefined]);
      expect(versions.recall([...TAGS, 'pages'], 5)).toEqual(['one', 'own']);
      steady.mockReturnValue(began + 5_100);
      // Its own replacement it keeps to for as long as the registry may take to spread it.
      expect(versions.recall([...TAGS, 'pages'], 5)).toEqual([undefined, 'own']);
      steady.mockReturnValue(began + 120_100);
      expect(versions.recall([...TAGS, 'pages'], 5)).toEqual([undefined, undefined]);
    } finally {
      steady.mockRestore();
    }
  });
});

describe('what is told of replacements made elsewhere', () => {
  let time = 1_000_000;
  const remember = () => {
    const versions = createVersionMemory({ ...memoryRegistry(), propagation: 0 }, () => time);
    versions.listener.live();
    return versions;
  };

  test('makes a process forget those versions, and no others', () => {
    const versions = remember();
    versions.learn(['posts', 'pages'], ['one', 'two'], versions.moment());
    versions.listener.replaced(['posts', 'never-seen']);
    expect(versions.recall(['posts', 'pages'], 3_600)).toEqual([undefined, 'two']);
    versions.learn(['posts'], ['new'], versions.moment());
    expect(versions.recall(['posts'], 3_600)).toEqual(['new']);
  });

  test('keeps an answer from being remembered that was asked for before', () => {
    const versions = remember();
    const early = versions.moment();
    versions.listener.replaced(['posts']);
    const late = versions.moment();
    // The lookup that asked began before the replacement was told: it may have it.
    expect(versions.learn(['posts', 'pages'], ['old', 'two'], early)).toEqual(['old', 'two']);
    expect(versions.recall(['posts', 'pages'], 3_600)).toEqual([undefined, 'two']);
    versions.learn(['posts'], ['new'], late);
    expect(versions.learn(['posts'], ['old'], early)).toEqual(['new']);
    expect(versions.recall(['posts'], 3_600)).toEqual(['new']);
  });

  test.each(['live', 'lost'] as const)('is worth nothing before and after a gap: %s forgets all', (event) => {
    const versions = remember();
    const early = versions.moment();
    versions.learn(['posts'], ['one'], versions.moment());
    versions.replaced(['pages'], ['own'], versions.moment());
    versions.listener[event]();
    expect(versions.recall(['posts', 'pages'], 3_600)).toEqual([undefined, undefined]);
    expect(versions.learn(['tags'], ['old'], early)).toEqual(['old']);
    expect(versions.recall(['tags'], 3_600)).toEqual([undefined]);
    versions.learn(['tags'], ['new'], versions.moment());
    expect(versions.recall(['tags'], 3_600)).toEqual(['new']);
    expect(versions.isTold()).toBe(event === 'live');
  });

  test('leaves open which of two writes was the later, where another was told while its own was under way', () => {
    const versions = remember();
    const asked = versions.moment();
    versions.listener.replaced(['posts']);
    // What a lookup learns meanwhile may be from before both.
    versions.learn(['posts'], ['from before'], versions.moment());
    const underWay = versions.moment();
    versions.replaced(['posts'], ['own'], asked);
    expect(versions.recall(['posts'], 3_600)).toEqual([undefined]);
    versions.learn(['posts'], ['from before'], underWay);
    expect(versions.recall(['posts'], 3_600)).toEqual([undefined]);
    versions.learn(['posts'], ['later'], versions.moment());
    expect(versions.recall(['posts'], 3_600)).toEqual(['later']);
  });

  test('does not take from a process what it replaced itself and the registry may not show yet', () => {
    const versions = createVersionMemory({ ...memoryRegistry(), propagation: 120 }, () => time);
    versions.listener.live();
    versions.replaced(['posts'], ['own'], versions.moment());
    versions.listener.replaced(['posts']);
    versions.listener.lost();
    expect(versions.recall(['posts'], 0)).toEqual(['own']);
    time += 120_000;
    expect(versions.recall(['posts'], 0)).toEqual([undefined]);
  });

  test('is not lost by telling of very many tags', () => {
    const versions = remember();
    const early = versions.moment();
    versions.listener.replaced(['posts']);
    versions.listener.replaced(Array.from({ length: 60_000 }, (_, index) => `posts#${index}`));
    versions.learn(['posts'], ['old'], early);
    expect(versions.recall(['posts'], 3_600)).toEqual([undefined]);
  });
});

test('the later of two writes is seen where the earlier is told last that its version is stored', async () => {
  const entries = sharedMemory();
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
  await removeDirectory(directory);
});
