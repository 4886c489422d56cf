import { describe, expect, test } from 'vitest';
import { readWrapper } from '../../src/inspect/wrapper/read-wrapper.js';
import { everyStore } from '../../src/inspect/wrapper/stores.js';

const read = (text: string) => readWrapper(text, 'src/payload-kv/index.ts');

describe('reading a wrapper', () => {
  test('finds store, binding, policy and TTLs with their lines', () => {
    const { shape, ...reading } = read(`import { payloadKV } from 'payload-kv';
import { cloudflareKV } from 'payload-kv/cloudflare';
import { hooks } from './hooks';

export const cache = (env: CloudflareEnv) =>
  payloadKV<Config>({
    store: cloudflareKV({ binding: 'PAYLOAD_CACHE', env }),
    ttl: '5m',
    operations: { count: 60, find: false },
    collections: {
      posts: { ttl: 60 * 10, slices: ['slug'] },
      'my-users': { allowAuth: true, enabled: false },
    },
    globals: { header: {} },
    hooks,
  });
`);
    expect(reading).toEqual({
      path: 'src/payload-kv/index.ts',
      calls: [6],
      stores: [
        {
          factory: 'cloudflareKV',
          binding: 'PAYLOAD_CACHE',
          expression: "cloudflareKV({ binding: 'PAYLOAD_CACHE', env })",
          line: 7,
          settings: { binding: { text: 'PAYLOAD_CACHE', line: 7 }, env: { line: 7 } },
        },
      ],
      registries: [],
      ttls: [
        { path: 'ttl', value: '5m', line: 8 },
        { path: 'operations.count', value: 60, line: 9 },
        { path: 'operations.find', value: false, line: 9 },
        { path: 'collections.posts.ttl', value: 600, line: 11 },
      ],
      policies: [
        {
          slug: 'posts',
          type: 'collection',
          line: 11,
          slices: [{ field: 'slug', line: 11 }],
          allowAuth: false,
          enabled: true,
        },
        { slug: 'my-users', type: 'collection', line: 12, slices: [], allowAuth: true, enabled: false },
        { slug: 'header', type: 'global', line: 14, slices: [], allowAuth: false, enabled: true },
      ],
      named: { collections: true, globals: true },
      unread: [],
      unknown: [],
      relativeImports: [{ specifier: './hooks', line: 3 }],
    });
    expect(shape).toMatchObject({
      store: 'cloudflareKV',
      binding: 'PAYLOAD_CACHE',
      ttl: '5m',
      takesEnv: true,
      exportsCache: true,
      collections: {
        entries: [{ slug: 'posts', line: 11, slices: ['slug'] }, { slug: 'my-users' }],
        open: false,
      },
      globals: { entries: [{ slug: 'header', line: 14 }] },
    });
  });

  test('follows names, casts, spreads and renamed imports within the file', () => {
    const reading = read(`import { payloadKV as withCache, memory as inMemory } from 'payload-kv';
const MINUTE = 60;
const pages = { pages: { ttl: 2 * MINUTE } } as const;
const collections = { ...pages, posts: {} } satisfies object;
const store = inMemory();
export default withCache({ store, collections });
`);
    expect(reading.stores).toMatchObject([{ factory: 'memory' }]);
    expect(reading.policies.map(({ slug }) => slug)).toEqual(['pages', 'posts']);
    expect(reading.ttls).toEqual([{ path: 'collections.pages.ttl', value: 120, line: 3 }]);
    expect(reading.unread).toEqual([]);
  });

  test('takes both stores of a condition', () => {
    const reading = read(`import { memory, payloadKV } from 'payload-kv';
import { cloudflareKV } from 'payload-kv/cloudflare';
export const cache = payloadKV({ store: process.env.CF ? cloudflareKV({ binding: env.CACHE }) : memory() });
`);
    expect(reading.stores).toMatchObject([
      { factory: 'cloudflareKV', binding: 'CACHE' },
      { factory: 'memory' },
    ]);
  });

  test('looks into tiers, and tells options that are text from variables and from what is computed', () => {
    const reading = read(`import { memory, payloadKV, tiered } from 'payload-kv';
import { cloudflareKVRest } from 'payload-kv/cloudflare';
const account = 'abc';
export const cache = payloadKV({
  store: tiered(memory(), cloudflareKVRest({
    accountId: account,
    namespaceId: process.env.NAMESPACE!,
    prefix: process.env['PREFIX'] ?? 'shop:',
    apiToken: secret(),
    ...rest,
  })),
});
`);
    expect(everyStore(reading).map(({ factory }) => factory)).toEqual([
      'tiered',
      'memory',
      'cloudflareKVRest',
    ]);
    expect(everyStore(reading)[2]?.settings).toEqual({
      accountId: { text: 'abc', line: 6 },
      namespaceId: { variable: 'NAMESPACE', line: 7 },
      prefix: { variable: 'PREFIX', text: 'shop:', line: 8 },
      apiToken: { line: 9 },
      options: { line: 10 },
    });
    expect(reading.unread).toEqual([]);
  });

  test('says what is not written out instead of guessing', () => {
    const reading = read(`import { payloadKV } from 'payload-kv';
import { shared, ttlOf } from './shared';
export const cache = payloadKV({
  store: makeStore(),
  ttl: ttlOf('posts'),
  collections: { ...shared, posts: { enabled: shared.on } },
});
`);
    expect(reading.unread.map(({ path, line }) => `${path}:${line}`)).toEqual([
      'store:4',
      'ttl:5',
      'collections:6',
      'collections.posts.enabled:6',
    ]);
  });

  test('does not take a function of the same name from elsewhere', () => {
    expect(read("import { payloadKV } from './mine';\npayloadKV({ ttl: 5 });\n").calls).toEqual([]);
  });
});
