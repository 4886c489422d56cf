import { expect, test } from 'vitest';
import type { ConfigShape } from '../../src/inspect/config-shape/shape.js';
import type { WranglerConfig } from '../../src/inspect/wrangler.js';
import { bindingConflict, propose } from '../../src/plan/answers.js';
import { collection, field, global, schema } from './schema-of.js';

function shape(bindings: string[] = []): ConfigShape {
  return { config: { path: 'src/payload.config.ts' }, cloudflareEnv: { bindings } } as unknown as ConfigShape;
}

function wrangler(content: string, kvNamespaces: string[] = []): WranglerConfig {
  return {
    path: 'wrangler.jsonc',
    format: 'jsonc',
    content,
    env: {},
    kvNamespaces: kvNamespaces.map((binding) => ({ binding })),
  } as unknown as WranglerConfig;
}

test('content is proposed with its slices; auth and internal collections are not, and the reason is told', () => {
  const all = schema(
    [
      collection('media', [], { upload: true }),
      collection('payload-admins', [field('name', 'text')]),
      collection('payload-jobs'),
      collection('posts', [
        field('slug', 'text'),
        field('tenant', 'relationship', { relationTo: ['tenants'] }),
      ]),
      collection('users', [], { auth: true }),
    ],
    [global('header')],
  );
  const proposal = propose({ schema: all, configShape: shape() });
  expect(proposal.collections).toEqual([
    { slug: 'media', slices: [] },
    { slug: 'payload-admins', slices: [] },
    { slug: 'posts', slices: ['slug', 'tenant'] },
  ]);
  expect(proposal).toMatchObject({ globals: [{ slug: 'header' }], ttl: '5m', store: 'memory' });
  expect(proposal.notOffered).toMatchObject([
    { slug: 'payload-jobs', reason: expect.stringContaining('internal'), onRequest: false },
    { slug: 'users', reason: expect.stringContaining('auth'), onRequest: true },
  ]);
});

test('users are proposed without their secrets where proposed content shows them, and nothing speaks against it', () => {
  const author = (to: string) => field('author', 'relationship', { relationTo: [to] });
  const all = schema([
    collection('admins', [field('apiKey', 'text')], { auth: true }),
    collection('bots', [field('webhookSecret', 'text')], { auth: true }),
    collection('customers', [], { auth: true }),
    collection('orders', [author('staff')]),
    collection('posts', ['users', 'admins', 'bots', 'customers'].map(author)),
    collection('staff', [], { auth: true }),
    collection('users', [field('email', 'email'), field('resetPasswordToken', 'text')], { auth: true }),
  ]);
  const proposal = propose({ schema: all, configShape: shape() });
  expect(proposal.collections).toEqual([
    { slug: 'posts', slices: [] },
    { slug: 'users', slices: [], allowAuth: 'without-secrets' },
  ]);
  expect(proposal.notOffered).toEqual([
    { slug: 'admins', reason: 'has auth with API keys, which answers tell of', onRequest: true },
    {
      slug: 'bots',
      reason: 'has auth, and it has a field `webhookSecret`, as credentials have',
      onRequest: true,
    },
    { slug: 'customers', reason: 'has auth, and it belongs to single customers', onRequest: true },
    { slug: 'staff', reason: 'has auth: its documents belong to users', onRequest: true },
  ]);
});

test('beside a wrangler config Cloudflare KV is proposed', () => {
  expect(propose({ schema: schema([]), configShape: shape(), wrangler: wrangler('{}') })).toMatchObject({
    store: 'cloudflare-kv',
    binding: 'PAYLOAD_CACHE',
  });
});

test('a binding of that name that serves something else is left to it', () => {
  const taken = wrangler('{ "r2_buckets": [{ "binding": "PAYLOAD_CACHE" }] }');
  expect(propose({ schema: schema([]), configShape: shape(), wrangler: taken }).binding).toBe(
    'PAYLOAD_CACHE_2',
  );
  expect(bindingConflict('PAYLOAD_CACHE', { configShape: shape(['PAYLOAD_CACHE']) })).toContain(
    'payload.config.ts',
  );
});

test('a namespace made for it beforehand, or a name in a comment, is no conflict', () => {
  const made = wrangler('{ "kv_namespaces": [{ "binding": "PAYLOAD_CACHE" }] }', ['PAYLOAD_CACHE']);
  const commented = wrangler('{ // "binding": "PAYLOAD_CACHE"\n}');
  for (const it of [made, commented]) {
    expect(propose({ schema: schema([]), configShape: shape(), wrangler: it }).binding).toBe('PAYLOAD_CACHE');
  }
});

test("a namespace PAYLOAD_KV, which may serve Payload's own key-value store, does not matter", () => {
  const payloads = wrangler('{ "kv_namespaces": [{ "binding": "PAYLOAD_KV" }] }', ['PAYLOAD_KV']);
  expect(propose({ schema: schema([]), configShape: shape(), wrangler: payloads }).binding).toBe(
    'PAYLOAD_CACHE',
  );
});
