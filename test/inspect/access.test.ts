import { expect, test } from 'vitest';
import { inspected, inspectedBody } from './written.js';

function accessOf(access: string) {
  const { schema } = inspectedBody(
    `collections: [{ slug: 'posts', fields: [], ${access} }, { slug: 'users', auth: true, fields: [] }],`,
  );
  return schema.collections.find(({ slug }) => slug === 'posts')!.access;
}

test.each([
  ['() => true', 'everyone'],
  ['async () => true', 'everyone'],
  ['() => false', 'users'],
  ['({ req: { user } }) => Boolean(user)', 'users'],
  ['({ req }) => !!req.user', 'users'],
  ['({ req }) => req.user?.role === "admin"', 'users'],
  [
    '({ req: { user } }) => { if (user) return true; return { _status: { equals: "published" } } }',
    'everyone',
  ],
  ['({ req: { user } }) => ({ owner: { equals: user?.id } })', 'users'],
  ['({ req: { user } }) => user ? { owner: { equals: user.id } } : false', 'users'],
  ['({ req: { user } }) => user?.roles?.includes("admin") || { public: { equals: true } }', 'everyone'],
  ['({ req }) => req.headers.get("x-key") === "1"', undefined],
  ['isAllowed', undefined],
  ['undefined', 'default'],
])('access.read: %s lets in %s', (read, audience) => {
  expect(accessOf(`access: { read: ${read} },`)?.read).toBe(audience);
});

test('a function that throws without a user lets in users, and one that is not understood leaves the others known', () => {
  const thrown = "({ req }) => { if (!req.user) throw new Error('no'); return true; }";
  expect(accessOf(`access: { read: ${thrown} },`)?.read).toBe('users');
  expect(accessOf("access: { read: ({ req }) => req.payloadAPI === 'local' },")).toEqual({
    create: 'default',
  });
  const both = '({ req }) => roles.has(req.user?.role)';
  expect(accessOf(`access: { read: ${both}, create: ${both} },`)).toEqual({});
});

test('access that nobody wrote is the default, and one that may be anything is not known', () => {
  expect(accessOf('')).toEqual({ read: 'default', create: 'default' });
  expect(accessOf('access: { create: () => true },')).toEqual({ read: 'default', create: 'everyone' });
  expect(accessOf('...unknown(),')).toBeUndefined();
  expect(accessOf('access: accessOf("posts"),')).toBeUndefined();
});

test('access functions in a file that is broken are not known, and the schema is read all the same', () => {
  const { schema } = inspected({
    'payload.config.ts':
      "import { buildConfig } from 'payload';\nimport { mine } from './access';\nexport default buildConfig({ collections: [{ slug: 'posts', access: { read: mine }, fields: [] }] });\n",
    'access.ts': 'export const mine = (\n',
  });
  expect(schema.collections.map(({ slug, access }) => [slug, access])).toContainEqual(['posts', undefined]);
});
