import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import type { Payload } from 'payload';
import { describe, expect, test } from 'vitest';
import { KEY_PREFIX, tagName, versionKey } from '../../src/interfaces/keys.js';
import { type KeyContext, payloadKV, type Store, settleCache } from '../../src/runtime/index.js';
import {
  canonicalArguments,
  DEEPEST_QUERY,
  LONGEST_QUERY,
  MOST_PARTS,
} from '../../src/runtime/query/canonical-arguments.js';
import { entryKey } from '../../src/runtime/query/key.js';
import { documentTag, sliceTag } from '../../src/runtime/query/tags.js';
import { startBlog } from '../support/payload.js';
import { sharedMemory } from '../support/shared-memory.js';

const PLAIN_NAMES = ['a', 'b', 'c', '', 'a:b', 'constructor'];
const WHERE_NAMES = ['where', 'and', 'or', 'OR'];

/** Values that are easily taken for one another. */
const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    ...[undefined, null, true, false, 0, -0, 1, 10, Number.NaN, Infinity, 0n, 1n, 10n],
    ...['', '0', '1', '-0', 'null', 'undefined', 'true', 'NaN', '1n', '[]', '{}', '"', ',', 'Date(0)'],
    ...['\ud800', '\udc00', '\ufffd', 'é', 'e\u0301', '\u0000'],
    ...[new Date(0), new Date(1), new Date(Number.NaN), /a/, /a/g, Buffer.from(''), Buffer.from('0')],
  ),
  fc.string(),
  fc.double(),
  fc.bigInt(),
  fc.date(),
);

function values(names: readonly string[]): fc.Arbitrary<unknown> {
  return fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      leaf,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 3, noNullPrototype: true }),
    ),
  })).value;
}

function args(names: readonly string[]): fc.Arbitrary<Record<string, unknown>> {
  return fc.dictionary(fc.constantFrom(...names), values(names), { maxKeys: 3, noNullPrototype: true });
}

/** What an adapter can tell apart that takes its arguments by their names, and looks at the order of what is in them. */
function seen(args: Record<string, unknown>): unknown {
  const inOrder = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inOrder);
    if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
      return value;
    return new Map([...Object.entries(value)].map(([name, each], index) => [index, [name, inOrder(each)]]));
  };
  return Object.entries(args)
    .filter(([, each]) => each !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, each]) => [name, inOrder(each)]);
}

describe('canonical arguments', () => {
  test('are the same for the same arguments, and for no others', () => {
    const names = [...PLAIN_NAMES, ...WHERE_NAMES];
    fc.assert(
      fc.property(args(names), args(names), (one, other) => {
        const same = isDeepStrictEqual(seen(one), seen(other));
        expect(canonicalArguments(one) === canonicalArguments(other)).toBe(same);
        expect(canonicalArguments(structuredClone(one))).toBe(canonicalArguments(one));
      }),
      { numRuns: 5_000 },
    );
  });

  test('differ wherever one value differs', () => {
    const place = fc.tuple(values(PLAIN_NAMES), leaf, leaf);
    fc.assert(
      fc.property(place, fc.array(fc.constantFrom('list', 'where', 'a'), { maxLength: 5 }), (place, path) => {
        const [beside, one, other] = place;
        fc.pre(!isDeepStrictEqual(one, other));
        const around = (value: unknown): Record<string, unknown> => ({
          where: path.reduce(
            (inner, step) => (step === 'list' ? [beside, inner] : { [step]: inner, beside }),
            value,
          ),
          limit: 1,
        });
        fc.pre(path.length > 0 || (one !== undefined && other !== undefined));
        expect(canonicalArguments(around(one))).not.toBe(canonicalArguments(around(other)));
      }),
      { numRuns: 3_000 },
    );
  });

  test('do not depend on the order of the arguments, and on every other order', () => {
    const names = [...PLAIN_NAMES, ...WHERE_NAMES];
    fc.assert(
      fc.property(args(names), (value) => {
        fc.pre(Object.keys(value).length > 1);
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalArguments(reversed)).toBe(canonicalArguments(value));
        for (const name of ['select', 'where', 'joins', 'projection', 'relatedAccess', 'unheardOf']) {
          expect(canonicalArguments({ [name]: reversed })).not.toBe(canonicalArguments({ [name]: value }));
          expect(canonicalArguments({ a: [{ [name]: reversed }] })).not.toBe(
            canonicalArguments({ a: [{ [name]: value }] }),
          );
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test.each([
    [
      'the operators of one path',
      { a: { not_equals: 1, exists: true } },
      { a: { exists: true, not_equals: 1 } },
    ],
    ['and beside or', { and: [], or: [{ a: { equals: 1 } }] }, { or: [{ a: { equals: 1 } }], and: [] }],
    [
      'the operators of one path below and',
      { and: [{ a: { in: [1], equals: 1 } }] },
      { and: [{ a: { equals: 1, in: [1] } }] },
    ],
    ['the parts of an or', { or: [{ a: {} }, { b: {} }] }, { or: [{ b: {} }, { a: {} }] }],
    [
      'the paths, by which tables are joined',
      { 'seo.en.title': { equals: 1 }, 'seo.de.title': { equals: 2 } },
      { 'seo.de.title': { equals: 2 }, 'seo.en.title': { equals: 1 } },
    ],
    ['a path beside and', { a: {}, and: [{ b: {} }] }, { and: [{ b: {} }], a: {} }],
    ['an object that is compared with', { a: { equals: { b: 1, c: 2 } } }, { a: { equals: { c: 2, b: 1 } } }],
  ])('depend on the order of %s, which adapters look at', (_what, one, other) => {
    expect(canonicalArguments({ where: one })).not.toBe(canonicalArguments({ where: other }));
    const join = (where: object) => ({ joins: { posts: { where } } });
    expect(canonicalArguments(join(one))).not.toBe(canonicalArguments(join(other)));
  });

  test.each([
    [{ limit: 1 }, { limit: '1' }],
    [{ limit: 0 }, { limit: -0 }],
    [{ limit: 0 }, { limit: null }],
    [{ limit: 0 }, {}],
    [{ locale: '' }, { locale: null }],
    [{ locale: 'null' }, { locale: null }],
    [{ limit: 1 }, { limit: 1n }],
    [{ limit: Number.NaN }, { limit: null }],
    [{ sort: 'a,b' }, { sort: ['a', 'b'] }],
    [{ sort: ['a', 'b'] }, { sort: ['b', 'a'] }],
    [{ select: { a: undefined } }, { select: {} }],
    [{ where: { a: { in: [[1], 2] } } }, { where: { a: { in: [[1, 2]] } } }],
    [{ where: { a: { equals: new Date(0) } } }, { where: { a: { equals: new Date(0).toISOString() } } }],
    [{ where: { a: { equals: new Date(0) } } }, { where: { a: { equals: 0 } } }],
    [{ where: { a: { equals: /a/ } } }, { where: { a: { equals: /a/i } } }],
    [{ a: { b: 1 }, c: 2 }, { a: { b: 1, c: 2 } }],
    [
      { page: 1, limit: 2 },
      { page: 2, limit: 1 },
    ],
  ])('tell %o from %o', (one: Record<string, unknown>, other: Record<string, unknown>) => {
    expect(canonicalArguments(one)).not.toBe(canonicalArguments(other));
  });

  test('tell a select that includes from one that excludes', () => {
    const [including, excluding] = [{ g: { a: true } }, { h: { c: false } }];
    expect(canonicalArguments({ select: { ...excluding, ...including } })).not.toBe(
      canonicalArguments({ select: { ...including, ...excluding } }),
    );
  });

  test.each<[string, (more: number) => unknown]>([
    ['longer than the bound', (more) => 'x'.repeat(LONGEST_QUERY - 2 + more)],
    ['of more parts than the bound', (more) => Array(MOST_PARTS - 3 + more).fill(1)],
    [
      'deeper than the bound',
      (more) => [...Array(DEEPEST_QUERY - 1 + more)].reduce((inner: unknown) => [inner], 1),
    ],
  ])('do not exist for what is %s', (_what, query) => {
    expect(canonicalArguments({ a: [query(0)], b: 1 })).toBeDefined();
    expect(canonicalArguments({ a: [query(1)], b: 1 })).toBeUndefined();
  });

  test('leave out that no drafts are asked for, as REST does and the Local API does not', () => {
    const without = canonicalArguments({ limit: 1 });
    expect(canonicalArguments({ limit: 1, draftsEnabled: false })).toBe(without);
    expect(canonicalArguments({ limit: 1, draftsEnabled: true })).not.toBe(without);
    // Of what is no argument of its own nothing is known.
    expect(canonicalArguments({ where: { draftsEnabled: false } })).not.toBe(
      canonicalArguments({ where: {} }),
    );
  });

  test('leave out the request, and what is undefined as what is absent', () => {
    expect(canonicalArguments({ limit: 1, req: { user: { id: 1 } }, where: undefined })).toBe(
      canonicalArguments({ limit: 1, req: undefined }),
    );
  });

  test('know the ids of MongoDB, which are no plain objects', () => {
    const objectId = (hex: string) =>
      new (class ObjectId {
        toHexString = () => hex;
      })();
    const of = (id: unknown) => canonicalArguments({ where: { id: { equals: id } } });
    const [one, other] = ['64b7f3c2a1d4e5f60718293a', '64b7f3c2a1d4e5f60718293b'];
    expect(of(objectId(one))).toBe(of(objectId(one)));
    expect(of(objectId(one))).not.toBe(of(objectId(other)));
    expect(of(objectId(one))).not.toBe(of(one));
    expect(of(objectId('no id'))).toBeUndefined();
  });

  class Unknown {
    value = 1;
  }
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  test.each([
    ['a function', () => 1],
    ['a symbol', Symbol('a')],
    ['a property named by a symbol', { [Symbol('a')]: 1 }],
    ['an operator named by a symbol', { a: { [Symbol('a')]: 1 } }],
    ['a Set', new Set([1])],
    ['a Map', new Map([[1, 2]])],
    ['an instance of a class', new Unknown()],
    ['a promise', Promise.resolve(1)],
    ['a circle', circle],
    ['a number too wide for any database', 2n ** 5_000n],
    [
      'what throws when it is read',
      Object.defineProperty({}, 'a', {
        enumerable: true,
        get() {
          throw new Error('read');
        },
      }),
    ],
    [
      'what throws when its names are read',
      new Proxy(
        {},
        {
          ownKeys() {
            throw new Error('names');
          },
        },
      ),
    ],
  ])('do not exist for what holds %s', (_what, value) => {
    expect(canonicalArguments({ where: { a: { equals: value } } })).toBeUndefined();
    expect(canonicalArguments({ where: value })).toBeUndefined();
    expect(canonicalArguments({ joins: { posts: { where: { a: value } } } })).toBeUndefined();
    expect(canonicalArguments({ data: [value] })).toBeUndefined();
  });
});

describe('an entry key', () => {
  const parts = { readable: 'posts:find', scope: 's', slug: 'posts', operation: 'find', canonical: 'a' };

  test('changes with each of its parts', () => {
    const keys = [
      entryKey(parts),
      ...Object.keys(parts).map((name) => entryKey({ ...parts, [name]: 'other' })),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('cannot have its parts moved from one into the next', () => {
    const one = entryKey({ ...parts, slug: 'posts', operation: 'find\nx' });
    expect(entryKey({ ...parts, scope: 's\n"posts"', slug: 'find', operation: 'x' })).not.toBe(one);
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (slug, operation, ...others) => {
        const [otherSlug, otherOperation] = others;
        fc.pre(slug !== otherSlug);
        expect(entryKey({ ...parts, slug, operation })).not.toBe(
          entryKey({ ...parts, slug: otherSlug, operation: otherOperation }),
        );
      }),
    );
  });

  test('fits into 512 bytes of ASCII and ends with 256 bits, whatever is readable in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (readable) => {
        const key = entryKey({ ...parts, readable });
        expect(key).toMatch(/^payload-cache:[\x21-\x7e]*:[\w-]{43}$/);
        expect(Buffer.byteLength(key)).toBeLessThanOrEqual(512);
      }),
    );
  });

  test('is never the key of a version, whose hash follows # or =', () => {
    const long = 'x'.repeat(400);
    for (const tag of [documentTag('posts', long), sliceTag('posts', 'slug', long)]) {
      expect(versionKey(tag)).toMatch(/[#=]:[\w-]{43}$/);
      const readable = versionKey(tag).slice(KEY_PREFIX.length, -44);
      expect(entryKey({ ...parts, readable })).not.toMatch(/[?#=]/);
    }
  });
});

describe('the key of a version', () => {
  test('shows a short tag as it is and hashes a long one', () => {
    expect(versionKey('posts#5')).toBe('payload-cache:tag:posts#5');
    const long = 'x'.repeat(400);
    expect(Buffer.byteLength(versionKey(long))).toBeLessThanOrEqual(512);
    expect(tagName(long)).not.toBe(tagName(`${long}x`));
  });
});

describe('the keys of a site', () => {
  async function keysOf(store: Store): Promise<string[]> {
    const keys: string[] = [];
    for await (const page of store.list('')) keys.push(...page);
    return keys.sort();
  }

  async function read(payload: Payload): Promise<void> {
    await payload.find({ collection: 'tags', depth: 0 });
    await payload.find({ collection: 'tags', depth: 0, limit: 3 });
    await payload.count({ collection: 'tags' });
    await payload.findGlobal({ slug: 'header', depth: 0 });
    await settleCache(payload);
  }

  async function keysAfter(
    options: Omit<Parameters<typeof payloadKV>[0], 'store'>,
    configure?: Parameters<typeof startBlog>[0],
  ): Promise<string[]> {
    const store = sharedMemory();
    const plugins = [payloadKV({ database: 'one', ...options, store })];
    const site = await startBlog({ ...configure, plugins });
    await read(site.payload);
    await site.stop();
    return keysOf(store);
  }

  test('read collection:operation:hash, and begin with payload-cache:', async () => {
    const keys = await keysAfter({});
    expect(keys.map((key) => key.replace(/[\w-]{43}$/, 'hash'))).toEqual([
      'payload-cache:@header:findGlobal:hash',
      'payload-cache:tags:count:hash',
      'payload-cache:tags:find:hash',
      'payload-cache:tags:find:hash',
    ]);

    // A function of the user's replaces what is readable, and sees everything but the request.
    const seen: KeyContext[] = [];
    const own = await keysAfter({
      key(context) {
        seen.push(context);
        return 'mine';
      },
    });
    const hashes = (list: string[]): string[] => list.map((key) => key.slice(-43)).sort();
    expect(own.every((key) => key.startsWith('payload-cache:mine:'))).toBe(true);
    expect(hashes(own)).toEqual(hashes(keys));
    expect(seen).toContainEqual(
      expect.objectContaining({
        slug: 'tags',
        type: 'collection',
        operation: 'find',
        args: expect.objectContaining({ limit: 3 }),
      }),
    );
    expect(seen.some(({ args }) => 'req' in args)).toBe(false);

    // One that fails is one that says nothing.
    const failing = await keysAfter({
      key() {
        throw new Error('no key');
      },
    });
    expect(failing).toEqual(keys);

    // Another schema, another fingerprint of the generated schema, another namespace: no key is shared.
    const others = [
      await keysAfter({ namespace: 'other' }),
      await keysAfter({ schema: { fingerprint: 'other' } }),
      await keysAfter(
        {},
        {
          configure(config) {
            const tags = config.collections?.find(({ slug }) => slug === 'tags');
            tags?.fields.push({ name: 'colour', type: 'text' });
            return config;
          },
        },
      ),
    ];
    for (const other of others) {
      expect(other).toHaveLength(keys.length);
      expect(other.filter((key) => keys.includes(key))).toEqual([]);
    }

    // What a bundler makes of a function differs from one bundle of a site to the next.
    const withLabel = (label: () => string) =>
      keysAfter(
        {},
        {
          configure(config) {
            const tags = config.collections?.find(({ slug }) => slug === 'tags');
            tags?.fields.push({ name: 'shade', type: 'select', options: [{ label, value: 'dark' }] });
            return config;
          },
        },
      );
    expect(await withLabel(() => 'Dark')).toEqual(await withLabel(() => String('Dark')));
  });
});
