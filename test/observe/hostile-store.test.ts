/** What a store holds that others have written, and how long it takes to tell of it: nobody who looks is hindered by it. */
import { renderToStaticMarkup } from 'react-dom/server';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { KEY_PREFIX } from '../../src/interfaces/keys.js';
import { RECORD_PREFIX } from '../../src/interfaces/kinds-of-keys.js';
import type { Store } from '../../src/interfaces/store.js';
import { hash } from '../../src/platform/hash.js';
import { instanceOf } from '../../src/runtime/carried-instance.js';
import { memory, settleCache } from '../../src/runtime/index.js';
import { addStatistics } from '../../src/runtime/observe/added-up.js';
import { prometheusText } from '../../src/runtime/observe/prometheus.js';
import { readRecord } from '../../src/runtime/observe/read-record.js';
import { observationOf, type Statistics } from '../../src/runtime/observe.js';
import { type ObservedSite, startObservedSite } from './site.js';

const sites: ObservedSite[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const site of sites.splice(0)) await site.stop();
});

/** A store that others share: in the memory of this process, which it does not say. */
function sharedStore(changes: Partial<Store> = {}): Store {
  const { local: _local, peekMany: _peek, decoded: _decoded, usage: _usage, ...rest } = memory();
  return { ...rest, name: 'elsewhere', ...changes } as Store;
}

async function start(store: Store): Promise<ObservedSite> {
  const site = await startObservedSite({
    seed: 3,
    cache: { store, database: 'main' },
    observe: { shareEvery: '1h', access: () => true },
  });
  sites.push(site);
  await site.payload.find({ collection: 'posts', limit: 2 });
  await settleCache(site.payload);
  return site;
}

const recordKey = (site: ObservedSite, name: string): string =>
  `${RECORD_PREFIX}${hash(instanceOf(site.payload)!.reads()!.scope)}:${name.padEnd(16, '-')}`;

/** What a record may hold in the place of what is there. */
const WRONG: unknown[] = [
  null,
  'text',
  '12',
  -5,
  1e308,
  true,
  [],
  [null],
  [[[]]],
  {},
  { __proto__: null, constructor: { prototype: 1 }, toString: 5 },
  JSON.parse('{"__proto__":{"hits":1,"polluted":true}}'),
  undefined,
];

/** The record with something else in each of its places, one at a time. */
function* damaged(record: Statistics): Generator<unknown> {
  let places = 0;
  function* at(value: unknown, put: (other: unknown) => unknown, depth: number): Generator<unknown> {
    // Each of them somewhere: all of them everywhere would take minutes.
    places += 1;
    if (places % 4 === 0) yield put(WRONG[(places / 4) % WRONG.length]);
    if (typeof value !== 'object' || value === null || depth > 3) return;
    const names = Object.keys(value).slice(0, Array.isArray(value) ? 1 : undefined);
    for (const name of names) {
      const copy = (other: unknown): unknown => {
        const copied = Array.isArray(value) ? [...value] : { ...value };
        (copied as Record<string, unknown>)[name] = other;
        return put(copied);
      };
      yield* at((value as Record<string, unknown>)[name], copy, depth + 1);
    }
  }
  yield* at(record, (other) => other, 0);
}

const textsOf = (statistics: Statistics): string => prometheusText(statistics) + JSON.stringify(statistics);

describe('records', () => {
  test('of whatever kind are added up to numbers, or left out', async () => {
    const { payload } = await start(sharedStore());
    const own = JSON.parse(JSON.stringify(observationOf(payload)!.ownStatistics())) as Statistics;
    const { ShownCache } = await import('../../src/admin/shown-cache.js');
    const { formatsOf } = await import('../../src/admin/formats.js');
    const { textsOf: textsIn } = await import('../../src/admin/texts/texts.js');
    const words = { texts: textsIn(payload, 'en'), formats: formatsOf('en') };
    const { statsLines } = await import('../../src/cli/site/stats-lines.js');
    const { topLines } = await import('../../src/cli/site/top-lines.js');
    let read = 0;
    for (const record of damaged(own)) {
      const found = readRecord(JSON.stringify(record) ?? '');
      if (!found) continue;
      read += 1;
      for (const all of [addStatistics(own, [found]), addStatistics(found, [])]) {
        expect(textsOf(all)).not.toMatch(/NaN|\[object|undefined|null:/);
        for (const { at, hits } of all.history.points)
          expect([typeof at, typeof hits]).toEqual(['number', 'number']);
        statsLines(all, 'here', 80);
        topLines(all, 'here', { by: 'count', limit: 10 }, 80);
        if (read % 20 === 0)
          renderToStaticMarkup(
            ShownCache({ statistics: JSON.parse(JSON.stringify(all)), words, purge: () => null }),
          );
      }
    }
    expect(read).toBeGreaterThan(50);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test('of another release are shown by each who shows them', async () => {
    const store = sharedStore();
    const site = await start(store);
    const {
      latency: _latency,
      reuse: _reuse,
      errors: _errors,
      counts,
      ...older
    } = observationOf(site.payload)!.ownStatistics();
    const { globals: _globals, ...some } = counts;
    const record = {
      ...older,
      counts: some,
      near: 'none',
      pending: '3',
      history: { interval: 30, points: [null] },
    };
    const put = async (name: string, text: string) => {
      const key = recordKey(site, name);
      await store.set(key, await instanceOf(site.payload)!.reads()!.envelope.seal(key, text), 60);
    };
    // Of which one says more than is a label here.
    const errors = ['a', 'b'].map((name, index) => ({
      type: 'error',
      part: 'store',
      reason: 'fault',
      name,
      count: 1 + index,
    }));
    await put('older', JSON.stringify({ ...record, events: errors }));
    await put('deep', `${'{"counts":'.repeat(20_000)}1${'}'.repeat(20_000)}`);
    const all = await site.askSigned('/stats?scope=all');
    expect(all.status).toBe(200);
    expect(await all.json()).toMatchObject({ scope: 'all', processes: 2, pending: expect.any(Number) });
    const metrics = await site.askSigned('/metrics?scope=all');
    expect(metrics.status).toBe(200);
    const text = await metrics.text();
    expect(text).toContain('payload_kv_processes 2');
    expect(text.match(/^payload_kv_errors_total.*$/gm)).toEqual([
      'payload_kv_errors_total{part="store",reason="fault"} 3',
    ]);
  });

  test('a store that cannot list, or fails, costs the numbers of others only', async () => {
    const next = () => Promise.reject(new Error('this store lists nothing'));
    const site = await start(sharedStore({ list: () => ({ [Symbol.asyncIterator]: () => ({ next }) }) }));
    const response = await site.askSigned('/stats?scope=all');
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ scope: 'all', processes: 1 });
  });

  test('a store that does not answer keeps nobody waiting', async () => {
    let asked = 0;
    const never = (): Promise<never> => {
      asked += 1;
      return new Promise(() => undefined);
    };
    const site = await start(
      sharedStore({ list: () => ({ [Symbol.asyncIterator]: () => ({ next: never, return: never }) }) }),
    );
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    asked = 0;
    let answered: number[] | undefined;
    void Promise.all([
      site.askSigned('/stats?scope=all'),
      site.askSigned('/entries'),
      site.askSigned('/purge', { target: 'everything', dryRun: true }),
    ]).then((all) => {
      answered = all.map(({ status }) => status);
    });
    // Signatures are checked by then, which are too old a minute later.
    while (asked < 3) await new Promise(setImmediate);
    while (!answered) {
      await vi.advanceTimersByTimeAsync(500);
      await new Promise(setImmediate);
    }
    expect(answered).toEqual([200, 503, 200]);
  });
});

describe('entries', () => {
  test('that hold something else than texts are left out, and the others are shown', async () => {
    const store = sharedStore();
    const site = await start(store);
    const listed = async () =>
      ((await (await site.askSigned('/entries?collection=posts')).json()) as { entries: { key: string }[] })
        .entries;
    const [{ key }] = (await listed()) as [{ key: string }];
    const text = (await store.get(key)) as string;
    const before = text.slice(0, text.indexOf('{'));
    const entry = JSON.parse(text.slice(before.length));
    const others: [string, unknown][] = [
      ['tags', { t: [5, null, {}] }],
      ['versions', { v: [null, 7] }],
      ['nested', { t: [['posts']] }],
    ];
    for (const [name, wrong] of others) {
      const k = `${KEY_PREFIX}posts:find:${name}`;
      await store.set(k, before + JSON.stringify({ ...entry, k, ...(wrong as object) }), 60);
    }
    expect((await listed()).map((each) => each.key)).toContain(key);
    const dry = await site.askSigned('/purge', { target: { collection: 'posts' }, dryRun: true });
    expect(((await dry.json()) as { entries: number }).entries).toBeGreaterThan(0);
  });
});
