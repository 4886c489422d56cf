import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  decodeEntry,
  decodeResult,
  type EncodedResult,
  encodeEntry,
  encodeResult,
} from '../../src/runtime/entry/entry.js';
import { getCacheStats, memory, payloadKV, settleCache } from '../../src/runtime/index.js';
import { copyable } from '../../src/stores/copyable.js';
import { countDatabaseCalls, type Started, startBlog } from '../support/payload.js';
import { areSame, results } from '../support/results.js';

const header = { key: 'k', tags: ['posts'], versions: ['0'], askedAt: 5, ttl: 60 };

/** What a reader gets of a result that went through an entry. */
function kept(result: unknown): unknown {
  const encoded = encodeResult(result);
  if (!encoded) throw new Error('not encodable');
  // Through bytes, as every store but the one in memory sends it.
  const text = Buffer.from(encodeEntry(header, encoded) as string).toString();
  const entry = decodeEntry(text);
  expect(entry).toMatchObject(header);
  return entry?.result();
}

/** What two readers get of a result that is kept decoded, where the first changes whatever they can reach. */
function copied(result: unknown): unknown[] {
  const encoded = encodeResult(result) as EncodedResult;
  const entry = decodeEntry(encodeEntry(header, encoded) as string) as NonNullable<
    ReturnType<typeof decodeEntry>
  >;
  const copies = copyable(entry.result());
  const { form } = copies?.entry(entry) ?? {};
  expect(form).toMatchObject(header);
  const [first, second] = [form?.result(), form?.result()];
  expect(areSame(first, result)).toBe(true);
  scribbleOver(first);
  return [second, form?.result()];
}

function scribbleOver(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const part of Object.values(value)) scribbleOver(part);
  if (value instanceof Date) value.setTime(-7);
  else if (value instanceof Uint8Array) value.fill(7);
  else if (Array.isArray(value)) value.splice(0, value.length, 'scribbled');
  else for (const name of Object.keys(value)) (value as Record<string, unknown>)[name] = 'scribbled';
  if (!(value instanceof Uint8Array)) Object.assign(value, { scribbled: true });
}

describe('an entry', () => {
  test('keeps a result without loss', () => {
    fc.assert(
      fc.property(results, (result) => {
        expect(areSame(kept(result), result)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  test('is copied without loss where it is kept decoded, and no copy shows what became of another', () => {
    fc.assert(
      fc.property(results, (result) => {
        for (const copy of copied(result)) expect(areSame(copy, result)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  test('is copied without loss however many shapes its objects have', () => {
    const shapes = Array.from({ length: 600 }, (_, index) => ({
      [`first${index % 200}`]: index,
      [`second${index % 150}`]: { at: new Date(index), [`third${index}`]: [index] },
    }));
    // What is new at first is known the second time.
    for (let time = 0; time < 3; time++)
      for (const copy of copied({ shapes, again: shapes }))
        expect(areSame(copy, { shapes, again: shapes })).toBe(true);
    const wide = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`name${index}`, { index }]));
    for (const copy of copied({ wide })) expect(areSame(copy, { wide })).toBe(true);
  });

  test('is copied without loss where all objects inherit a property', () => {
    const result = { docs: [{ constructor: { a: 1 }, toString: [1] }] };
    Object.defineProperty(Object.prototype, 'inherited', {
      value: 1,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    try {
      expect(copied(result).map((copy) => JSON.stringify(copy))).toEqual(
        Array(2).fill(JSON.stringify(result)),
      );
    } finally {
      delete (Object.prototype as { inherited?: number }).inherited;
    }
  });

  test.each([
    ['a prototype of its own', JSON.parse('{"docs": [{"__proto__": {"isAdmin": true}}]}')],
    ['an instance', { docs: [new Map()] }],
    ['a class', [new (class Page {})()]],
    ['a list of another class', { docs: new (class extends Array {})() }],
  ])(
    'is not copied where it holds %s, which a serializer or another writer may have made',
    (_what, result) => {
      expect(copyable(result)).toBeUndefined();
    },
  );

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['dates', { at: new Date(5), list: [new Date(6), { never: new Date(-1) }] }],
    ['undefined in lists and properties', { a: undefined, list: [undefined, 1, undefined] }],
    ['bigints', { a: 12345678901234567890n, list: [-1n] }],
    ['bytes', { buffer: Buffer.from([0, 255]), array: new Uint8Array([1, 2]) }],
    ['numbers that JSON has not', [-0, 0, Number.NaN, Infinity, -Infinity]],
    ['special values only', new Date(7)],
    ['a date that is none', { at: new Date(Number.NaN) }],
    ['objects without a prototype', Object.assign(Object.create(null), { a: [Object.create(null)] })],
    ['the order of properties', { b: undefined, 2: new Date(1), a: { d: 1n, c: 1 }, 1: null }],
    ['text that looks special', { date: '1970-01-01T00:00:00.000Z', bytes: { type: 'Buffer', data: [1] } }],
  ])('keeps %s', (_what, result) => {
    expect(areSame(kept(result), result)).toBe(true);
    for (const copy of copied(result)) expect(areSame(copy, result)).toBe(true);
  });

  test('keeps what is nested a hundred levels deep', () => {
    let deep: unknown = new Date(1);
    for (let level = 0; level < 100; level++) deep = level % 2 ? [deep] : { deep };
    expect(kept(deep)).toEqual(deep);
    for (const copy of copied(deep)) expect(copy).toEqual(deep);
  });

  test('gives each reader a result of their own', () => {
    const encoded = encodeResult({ docs: [{ at: new Date(1), bytes: Buffer.from('a') }] });
    const read = () => decodeResult(encoded as EncodedResult) as { docs: { at: Date; bytes: Buffer }[] };
    const first = read();
    first.docs[0]?.at.setTime(2);
    first.docs[0]?.bytes.fill(0);
    first.docs.push({ at: new Date(3), bytes: Buffer.from('b') });
    expect(read()).toEqual({ docs: [{ at: new Date(1), bytes: Buffer.from('a') }] });
  });

  class Point {
    x = 1;
  }
  const circle: Record<string, unknown> = {};
  circle.self = { list: [circle] };
  let bottomless: unknown = {};
  for (let level = 0; level < 100_000; level++) bottomless = [bottomless];
  test.each([
    ['a function', () => 1],
    ['a symbol', Symbol('a')],
    ['a property named by a symbol', { [Symbol('a')]: 1 }],
    ['an instance of a class', new Point()],
    ['a Map', new Map()],
    ['a Set', new Set()],
    ['an error', new Error('a')],
    ['an array of other numbers', new Float32Array(1)],
    ['an object that says itself what its JSON is', { toJSON: () => 1 }],
    ['a property called __proto__', JSON.parse('{"__proto__": 1}')],
    // biome-ignore lint/suspicious/noSparseArray: that is what is refused.
    ['an array with a hole', [1, , 2]],
    ['an array with properties of its own', Object.assign([1, 2], { index: 0 })],
    ['an array of another class', new (class extends Array {})()],
    ['a date of another class', new (class extends Date {})()],
    ['a date with a property of its own', Object.assign(new Date(0), { zone: 'UTC' })],
    ['a list with a symbol', Object.assign([1], { [Symbol('total')]: 1 })],
    ['a circle', circle],
    ['a depth without end', bottomless],
  ])('does not exist for %s', (_what, value) => {
    expect(encodeResult(value)).toBeUndefined();
    expect(encodeResult({ docs: [{ a: { b: value } }] })).toBeUndefined();
  });

  test('reaches nothing that other objects share, whoever wrote it', () => {
    const encoded = encodeResult({ at: Number.NaN });
    const text = encodeEntry(header, encoded as EncodedResult) as string;
    for (const path of [
      ['__proto__', 'isAdmin'],
      ['at', 'constructor', 'prototype', 'isAdmin'],
      ['at', '__proto__'],
      ['__proto__'],
    ]) {
      const entry = decodeEntry(text.replace('["at"]', JSON.stringify(path)));
      expect(() => entry?.result()).toThrow();
      expect(({} as { isAdmin?: unknown }).isAdmin).toBeUndefined();
      const bare = text.replace(
        '["at"],"number","NaN"',
        `${JSON.stringify([...path, '__proto__'])},"bare",""`,
      );
      expect(bare).toContain('"bare"');
      expect(() => decodeEntry(bare)?.result()).toThrow();
    }
  });

  test('is not read from a text that is none', () => {
    const encoded = encodeResult({ a: 1 });
    const text = encodeEntry(header, encoded as EncodedResult) as string;
    const stored = JSON.parse(text) as Record<string, unknown>;
    for (const name of ['k', 't', 'v', 's', 'e', 'r']) {
      const { [name]: _left, ...others } = stored;
      expect(decodeEntry(JSON.stringify(others))).toBeUndefined();
      if (name !== 'r') expect(decodeEntry(JSON.stringify({ ...others, [name]: {} }))).toBeUndefined();
    }
    for (let length = 0; length < text.length; length++) {
      expect(decodeEntry(text.slice(0, length))).toBeUndefined();
    }
    for (const garbage of ['null', '1', '"a"', '[]', '{}', 'true', '\u0000', `${text}x`]) {
      expect(decodeEntry(garbage)).toBeUndefined();
    }
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (garbage) => {
        expect(decodeEntry(garbage)).toBeUndefined();
      }),
    );
  });
});

describe('a result that no entry can keep', () => {
  const calls = countDatabaseCalls();
  let site: Started;
  let odd: unknown;
  beforeAll(async () => {
    site = await startBlog({
      plugins: [payloadKV({ store: memory() })],
      wrapAdapter: (adapter) => {
        const { count } = adapter;
        // As an adapter of another make may answer.
        adapter.count = async function (this: typeof adapter, args) {
          return { ...(await count.call(this, args)), odd } as { totalDocs: number };
        };
        return calls.wrapAdapter(adapter);
      },
    });
  });
  afterAll(() => site.stop());

  const count = () => site.payload.db.count({ collection: 'categories' });
  const stats = () => getCacheStats(site.payload)?.collections.tags;

  test.each([
    ['', new Date(1), { asked: 1, uncacheable: 0 }],
    [' not', new Map([[1, 2]]), { asked: 2, uncacheable: 2 }],
  ])('is%s cached, and counted where it is not', async (_not, value, { asked, uncacheable }) => {
    odd = value;
    const before = { ...stats() };
    calls.reset();
    const where = { id: { equals: asked } };
    for (let time = 0; time < 2; time++) {
      expect(await site.payload.db.count({ collection: 'tags', where })).toEqual({ totalDocs: 0, odd });
      await settleCache(site.payload);
    }
    expect(calls.counts().count).toBe(asked);
    expect((stats()?.uncacheable ?? 0) - (before.uncacheable ?? 0)).toBe(uncacheable);
  });

  test('reaches all who asked for it at once', async () => {
    odd = new Map([[3, 4]]);
    expect(await Promise.all([count(), count(), count()])).toEqual([
      { totalDocs: 0, odd },
      { totalDocs: 0, odd },
      { totalDocs: 0, odd },
    ]);
  });
});

describe('a result larger than the store takes', () => {
  test('is not cached, and counted', async () => {
    const site = await startBlog({ plugins: [payloadKV({ store: memory({ maxBytes: 4_000 }) })] });
    const name = 'x'.repeat(2_000);
    await site.payload.create({ collection: 'tags', data: { name } });
    for (let time = 0; time < 2; time++) {
      const { docs } = await site.payload.find({ collection: 'tags' });
      expect(docs).toMatchObject([{ name }]);
      await settleCache(site.payload);
    }
    expect(getCacheStats(site.payload)?.collections.tags).toMatchObject({
      uncacheable: 2,
      hits: 0,
      writes: 0,
    });
    await site.stop();
  });
});
