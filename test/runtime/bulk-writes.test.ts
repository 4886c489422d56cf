import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Payload, PayloadRequest, Where } from 'payload';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  getCacheStats,
  type InvalidationEvent,
  memory,
  memoryRegistry,
  payloadKV,
  type Registry,
  settleCache,
} from '../../src/runtime/index.js';
import { type Started, startBlog } from '../support/payload.js';
import { removeDirectory } from '../support/remove-directory.js';

/** Replacements that a registry was asked for, and what else happens at that moment. */
interface Observed {
  registry: Registry;
  replaced: string[][];
  failing: boolean;
}

function observe(): Observed {
  const inner = memoryRegistry();
  const observed: Observed = {
    replaced: [],
    failing: false,
    registry: {
      ...inner,
      async replace(tags, context) {
        observed.replaced.push([...tags]);
        if (observed.failing) throw new Error('the registry is not there');
        return inner.replace(tags, context);
      },
    },
  };
  return observed;
}

/** Posts of the blog with a slice, and hooks as plugins have them. */
async function start(
  observed: Observed,
  db: 'sqlite' | 'sqlite-transactions',
  hooks: {
    afterChange?: (req: PayloadRequest) => unknown;
    onInvalidated?: (event: InvalidationEvent) => void;
  },
  url?: string,
): Promise<Started> {
  return startBlog({
    db,
    url,
    plugins: [
      payloadKV({
        store: memory(),
        registry: observed.registry,
        collections: { tags: { slices: ['slug'] }, categories: {}, posts: {} },
        hooks: { collections: { tags: (event) => hooks.onInvalidated?.(event) } },
      }),
    ],
    configure: (config) => ({
      ...config,
      collections: config.collections?.map((collection) =>
        collection.slug === 'tags'
          ? {
              ...collection,
              fields: [
                ...collection.fields,
                { name: 'slug', type: 'text', index: true },
                { name: 'note', type: 'text' },
              ],
              hooks: {
                ...collection.hooks,
                afterChange: [({ req }) => hooks.afterChange?.(req)],
              },
            }
          : collection,
      ),
    }),
  });
}

describe.each(['sqlite', 'sqlite-transactions'] as const)('on %s', (db) => {
  const observed = observe();
  const hooks: Parameters<typeof start>[2] = {};
  let site: Started;
  let payload: Payload;
  let ids: number[] = [];
  let names = 0;

  beforeAll(async () => {
    site = await start(observed, db, hooks);
    payload = site.payload;
  });
  afterAll(() => site.stop());
  beforeEach(async () => {
    hooks.afterChange = undefined;
    hooks.onInvalidated = undefined;
    observed.failing = false;
    await payload.delete({ collection: 'tags', where: {} });
  });

  /** Creates tags below any operation, so that their number costs nothing. */
  async function seed(count: number): Promise<void> {
    ids = [];
    for (let index = 0; index < count; index++) {
      const { id } = await payload.create({
        collection: 'tags',
        data: { name: `tag ${++names}`, slug: `s-${index}` },
      });
      ids.push(id as number);
    }
    observed.replaced.length = 0;
  }
  const noteOf = async (id: number | undefined): Promise<unknown> =>
    (await payload.findByID({ collection: 'tags', id: id as number, depth: 0 })).note;
  const total = async (slug: string): Promise<number> =>
    (await payload.count({ collection: 'tags', where: { slug: { equals: slug } } })).totalDocs;

  test.each([
    ['update', (where: Where) => payload.update({ collection: 'tags', where, data: { note: 'new' } })],
    ['delete', (where: Where) => payload.delete({ collection: 'tags', where })],
  ])('one bulk %s asks the registry as often for many documents as for one', async (_name, write) => {
    const calls: number[] = [];
    const tags: number[] = [];
    for (const count of [1, 10, 60]) {
      await seed(count);
      await write({ id: { in: ids } });
      calls.push(observed.replaced.length);
      tags.push(observed.replaced.flat().length);
    }
    expect(calls).toEqual([1, 1, 1]);
    // Beyond some number the star tag stands for them all.
    expect(tags[2]).toBeLessThanOrEqual(tags[1] as number);
    expect(tags[2]).toBeLessThan(10);
    expect(observed.replaced.flat()).toContain('tags*');
  });

  test('one bulk update over REST does, too', async () => {
    await seed(60);
    const { doc } = await payload
      .create({
        collection: 'users',
        data: { email: `${db}@example.com`, password: 'only-for-tests' },
      })
      .then((user) => ({ doc: user }));
    const login = await site.handle(
      new Request('http://localhost/api/users/login', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: doc.email, password: 'only-for-tests' }),
      }),
    );
    const { token } = (await login.json()) as { token: string };
    observed.replaced.length = 0;
    const response = await site.handle(
      new Request('http://localhost/api/tags?where[slug][exists]=true&limit=100', {
        method: 'PATCH',
        headers: { 'content-type': 'application/json', authorization: `JWT ${token}` },
        body: JSON.stringify({ note: 'over REST' }),
      }),
    );
    expect(response.status).toBe(200);
    expect(observed.replaced).toHaveLength(1);
    expect(await noteOf(ids[59])).toBe('over REST');
  });

  test('a few documents of a bulk write leave the others of their collection hot', async () => {
    await seed(12);
    for (const id of ids) await noteOf(id);
    await settleCache(payload);
    await payload.update({
      collection: 'tags',
      where: { id: { in: ids.slice(0, 3) } },
      data: { note: 'new' },
    });
    const before = getCacheStats(payload)?.total.hits ?? 0;
    for (const id of ids.slice(3)) await noteOf(id);
    expect((getCacheStats(payload)?.total.hits ?? 0) - before).toBe(9);
    for (const id of ids.slice(0, 3)) expect(await noteOf(id)).toBe('new');
  });

  test('everything that a bulk write changed is new when it ends, slices and counts as well', async () => {
    await seed(30);
    expect(await total('s-7')).toBe(1);
    expect(await total('moved')).toBe(0);
    for (const id of ids) await noteOf(id);
    await settleCache(payload);
    await payload.update({
      collection: 'tags',
      where: { id: { in: ids } },
      data: { slug: 'moved', note: 'moved' },
    });
    expect(await total('s-7')).toBe(0);
    expect(await total('moved')).toBe(30);
    for (const id of ids) expect(await noteOf(id)).toBe('moved');
  });

  test('while it goes on, whoever reads in this process is answered by the database', async () => {
    await seed(3);
    for (const id of ids) await noteOf(id);
    await settleCache(payload);
    const seen: unknown[] = [];
    hooks.afterChange = async () => {
      if (db === 'sqlite') for (const id of ids) seen.push(await noteOf(id));
    };
    await payload.update({ collection: 'tags', where: { id: { in: ids } }, data: { note: 'new' } });
    hooks.afterChange = undefined;
    // Without transactions each document is new from its own write on.
    if (db === 'sqlite') expect(seen.filter((note) => note === 'new').length).toBeGreaterThanOrEqual(6);
    for (const id of ids) expect(await noteOf(id)).toBe('new');
  });

  test('a bulk write that fails for some documents, or breaks off, makes stale what it wrote', async () => {
    await seed(3);
    for (const id of ids) await noteOf(id);
    await settleCache(payload);
    let turns = 0;
    hooks.afterChange = () => {
      turns += 1;
      if (turns === 2) throw new Error('broken off');
    };
    await payload.update({ collection: 'tags', where: { id: { in: ids } }, data: { note: 'new' } });
    hooks.afterChange = undefined;
    for (const id of ids) {
      const stored = await payload.findByID({
        collection: 'tags',
        id,
        depth: 0,
        context: { payloadCache: 'bypass' },
      });
      expect(await noteOf(id)).toBe(stored.note);
    }
    expect(observed.replaced.length).toBeGreaterThan(0);
  });

  test('what the hooks of an operation write belongs to it: many children cost it one call more', async () => {
    await seed(40);
    let isParent = true;
    hooks.afterChange = async (req) => {
      if (!isParent) return;
      isParent = false;
      for (const id of ids.slice(1))
        await payload.update({ collection: 'tags', id, data: { note: 'child' }, req });
    };
    await payload.update({ collection: 'tags', id: ids[0] as number, data: { note: 'parent' } });
    expect(observed.replaced.length).toBeLessThanOrEqual(9);
    expect(await noteOf(ids[39])).toBe('child');
  });

  test('a hook on invalidation hears of a bulk write once, with all of its documents', async () => {
    await seed(30);
    const events: InvalidationEvent[] = [];
    hooks.onInvalidated = (event) => void events.push(event);
    await payload.update({ collection: 'tags', where: { id: { in: ids } }, data: { note: 'new' } });
    await settleCache(payload);
    expect(events).toHaveLength(1);
    expect(new Set(events[0]?.ids)).toEqual(new Set(ids));
  });

  test('a registry that is not there keeps what a bulk write touched with the database', async () => {
    await seed(3);
    for (const id of ids) await noteOf(id);
    await settleCache(payload);
    observed.failing = true;
    await payload.update({ collection: 'tags', where: { id: { in: ids } }, data: { note: 'new' } });
    for (const id of ids) expect(await noteOf(id)).toBe('new');
    observed.failing = false;
  });
});

test('an operation that takes long replaces what it has gathered now and then', async () => {
  const observed = observe();
  const hooks: Parameters<typeof start>[2] = {};
  const site = await start(observed, 'sqlite', hooks);
  const { payload } = site;
  const { id } = await payload.create({ collection: 'tags', data: { name: 'parent' } });
  observed.replaced.length = 0;
  hooks.afterChange = async (req) => {
    hooks.afterChange = undefined;
    for (let child = 0; child < 12; child++) {
      await payload.create({ collection: 'tags', data: { name: `child ${child}` }, req });
      if (child === 10) vi.advanceTimersByTime(5_000);
    }
    // All the while the operation goes on.
    expect(await payload.count({ collection: 'tags' })).toEqual({ totalDocs: 13 });
  };
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    await payload.update({ collection: 'tags', id, data: { note: 'new' } });
  } finally {
    vi.useRealTimers();
  }
  // Eight at once, three more after five seconds, the last one at the end.
  expect(observed.replaced).toHaveLength(10);
  await site.stop();
});

/** Two processes on one database and one registry, and what the other one says of some documents, which it has read. */
async function besideOneAnother(
  count: number,
  hooks: Parameters<typeof start>[2],
  run: (writer: Payload, ids: number[], notes: () => Promise<unknown[]>) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-bulk-'));
  const url = `file:${path.join(directory, 'blog.db')}`;
  const observed = observe();
  const writer = await start(observed, 'sqlite', hooks, url);
  const reader = await start(observed, 'sqlite', {}, url);
  try {
    const ids: number[] = [];
    for (let index = 0; index < count; index++) {
      const data = { name: `tag ${index}`, note: 'old' };
      ids.push((await writer.payload.create({ collection: 'tags', data })).id as number);
    }
    const notes = async (): Promise<unknown[]> => {
      const found: unknown[] = [];
      for (const id of ids)
        found.push((await reader.payload.findByID({ collection: 'tags', id, depth: 0 })).note);
      return found;
    };
    await notes();
    await settleCache(reader.payload);
    await run(writer.payload, ids, notes);
  } finally {
    await writer.stop();
    await reader.stop();
    await removeDirectory(directory);
  }
}

test('another process sees a bulk write in the hook of another write when it has ended', async () => {
  const hooks: Parameters<typeof start>[2] = {};
  await besideOneAnother(12, hooks, async (writer, ids, notes) => {
    let seen: unknown[] = [];
    hooks.afterChange = async () => {
      hooks.afterChange = undefined;
      await writer.update({ collection: 'tags', where: { id: { in: ids } }, data: { note: 'new' } });
      seen = await notes();
    };
    await writer.create({ collection: 'tags', data: { name: 'outer' } });
    expect(new Set(seen)).toEqual(new Set(['new']));
  });
});

test('another process sees a bulk write when it has ended', async () => {
  await besideOneAnother(25, {}, async (writer, ids, notes) => {
    await writer.update({ collection: 'tags', where: { id: { in: ids } }, data: { note: 'new' } });
    expect(new Set(await notes())).toEqual(new Set(['new']));
  });
});
