import { expect, test } from 'vitest';
import { cloudflareKV, cloudflareKVRest } from '../../src/runtime/cloudflare.js';
import {
  aesGCM,
  memory,
  type PayloadKVOptions,
  payloadKV,
  type Store,
  settleCache,
  tiered,
} from '../../src/runtime/index.js';
import { keyv } from '../../src/runtime/keyv.js';
import { redis } from '../../src/runtime/redis.js';
import { startBlog } from '../support/payload.js';

const encryption = () => aesGCM({ keys: [Buffer.alloc(32, 1).toString('base64')] });
const client = Object.fromEntries(
  ['get', 'getMany', 'set', 'setMany', 'delete', 'deleteMany', 'on'].map((name) => [name, () => undefined]),
);
const users = { users: { allowAuth: true } } as PayloadKVOptions['collections'];

const outside: [string, () => Store][] = [
  ['cloudflareKV', () => cloudflareKV({ binding: 'PAYLOAD_CACHE' })],
  ['cloudflareKVRest', () => cloudflareKVRest({ accountId: 'a', namespaceId: 'b', apiToken: 'c' })],
  ['redis', () => redis()],
  ['keyv', () => keyv({ keyv: client as never })],
  ['memory over redis', () => tiered(memory(), redis())],
  [
    'a store of the site that does not say where it is',
    () => ({ ...memory(), name: 'own', local: undefined }),
  ],
];

test.each(outside)('a collection with logins is refused for %s, unless it is encrypted', (_name, store) => {
  const options: PayloadKVOptions = { store: store(), collections: users };
  expect(() => payloadKV(options)).toThrow(
    expect.objectContaining({
      code: 'AUTH_NOT_ENCRYPTED',
      message: expect.stringMatching(/^collections\.users\.allowAuth .* the .* store/),
      nextStep: expect.stringContaining('encryption: aesGCM()'),
    }),
  );
  expect(payloadKV({ ...options, encryption: encryption() })).toBeTypeOf('function');
  const off = { users: { allowAuth: true, enabled: false } } as PayloadKVOptions['collections'];
  expect(payloadKV({ ...options, collections: off })).toBeTypeOf('function');
  expect(payloadKV({ ...options, collections: { posts: {} } as never })).toBeTypeOf('function');
});

test.each([
  ['memory', () => memory()],
  ['memory over memory', () => tiered(memory(), memory())],
] as const)('it is taken for %s, which does not leave the process', (_name, store) => {
  expect(payloadKV({ store: store(), collections: users })).toBeTypeOf('function');
});

test('an entry of such a collection holds what the option says, and encrypted nothing that can be read', async () => {
  for (const form of [{}, { encryption: encryption() }]) {
    const store = memory();
    const site = await startBlog({ plugins: [payloadKV({ store, collections: users, ...form })] });
    try {
      await site.payload.create({
        collection: 'users',
        data: { name: 'Ada', email: 'ada@example.com', password: 'secret' },
      });
      await site.payload.find({ collection: 'users', depth: 0 });
      await settleCache(site.payload);
      const keys: string[] = [];
      for await (const page of store.list('payload-cache:users:')) keys.push(...page);
      const text = ((await store.getMany(keys)) as string[]).join('\n');
      expect(keys).not.toEqual([]);
      for (const secret of ['"hash"', '"salt"', 'ada@example.com'])
        expect(text.includes(secret)).toBe(form.encryption === undefined);
    } finally {
      await site.stop();
    }
  }
});
