import { describe, expect, test } from 'vitest';
import { schemaFingerprint } from '../../src/inspect/fingerprint.js';
import type { ProjectSchema } from '../../src/inspect/schema.js';
import { sliceCandidates } from '../../src/inspect/slices.js';
import { inspectedBody } from './written.js';

const BODY = `admin: { user: 'x' },
localization: { locales: ['en', 'de'], defaultLocale: 'en' },
collections: [
  { slug: 'posts', versions: { drafts: true }, fields: [
    { name: 'title', type: 'text', localized: true },
    { name: 'owner', type: 'relationship', relationTo: ['people', 'firms'] },
    { name: 'comments', type: 'join', collection: 'people', on: 'post' },
    { name: 'items', type: 'array', fields: [{ name: 'a', type: 'text' }] },
  ] },
  { slug: 'people', fields: [{ name: 'post', type: 'relationship', relationTo: 'posts' }] },
  { slug: 'firms', fields: [] },
],
globals: [{ slug: 'menu', fields: [] }],`;

function fingerprintOf(body: string): string {
  return schemaFingerprint(inspectedBody(body).schema);
}

describe('the fingerprint', () => {
  test('has 128 bits and is the same each time', () => {
    const before = fingerprintOf(BODY);
    expect(before).toMatch(/^[0-9a-f]{32}$/);
    expect(fingerprintOf(BODY)).toBe(before);
  });

  test('does not depend on order or place', () => {
    const { schema } = inspectedBody(`\n\n\n// moved\n${BODY}`);
    const turned: ProjectSchema = {
      ...schema,
      collections: [...schema.collections].reverse().map((collection) => ({
        ...collection,
        location: { file: 'elsewhere.ts', line: 99 },
        fields: [...collection.fields]
          .reverse()
          .map((field) => ({ ...field, relationTo: field.relationTo && [...field.relationTo].reverse() })),
      })),
      locales: [...schema.locales].reverse(),
      unresolved: [{ part: 'plugins', expression: 'x', reason: 'y', location: { file: 'z', line: 1 } }],
      warnings: ['something'],
    };
    expect(schemaFingerprint(turned)).toBe(fingerprintOf(BODY));
  });

  test.each([
    [
      'a collection',
      `{ slug: 'firms', fields: [] },`,
      `{ slug: 'firms', fields: [] }, { slug: 'more', fields: [] },`,
    ],
    ['a field', `{ slug: 'firms', fields: [] }`, `{ slug: 'firms', fields: [{ name: 'x', type: 'text' }] }`],
    ['a type', `name: 'title', type: 'text'`, `name: 'title', type: 'textarea'`],
    ['a target', `['people', 'firms']`, `['people']`],
    ['hasMany', `relationTo: 'posts' }`, `relationTo: 'posts', hasMany: true }`],
    ['an index', `name: 'a', type: 'text'`, `name: 'a', type: 'text', index: true`],
    ['uniqueness', `name: 'a', type: 'text'`, `name: 'a', type: 'text', unique: true`],
    ['localization of a field', `, localized: true`, ''],
    ['virtuality', `name: 'a', type: 'text'`, `name: 'a', type: 'text', virtual: true`],
    ['nesting', `{ name: 'items', type: 'array'`, `{ name: 'items', type: 'group'`],
    ["a join's where", `on: 'post' }`, `on: 'post', where: { a: { equals: 1 } } }`],
    ['drafts', `versions: { drafts: true }`, `versions: true`],
    ['auth', `slug: 'firms',`, `slug: 'firms', auth: { disableLocalStrategy: true },`],
    ['a global', `globals: [{ slug: 'menu', fields: [] }]`, 'globals: []'],
    ['the versions of a global', `slug: 'menu',`, `slug: 'menu', versions: true,`],
    ['a locale', `['en', 'de']`, `['en']`],
  ])('changes with %s', (_, from, to) => {
    expect(BODY).toContain(from);
    expect(fingerprintOf(BODY.replace(from, to))).not.toBe(fingerprintOf(BODY));
  });
});

describe('slice candidates', () => {
  test('are unique and indexed fields, slug and a tenant relation; best first', () => {
    const { schema } = inspectedBody(`admin: { user: 'x' }, collections: [{
  slug: 'posts', orderable: true, trash: true, versions: { drafts: true }, upload: true, folders: true,
  fields: [
    { name: 'ref', type: 'number', unique: true },
    { name: 'category', type: 'relationship', relationTo: 'posts', index: true },
    { name: 'tenant', type: 'relationship', relationTo: 'posts' },
    { name: 'slug', type: 'text' },
    { name: 'seo', type: 'group', fields: [{ name: 'path', type: 'text', index: true }] },
    { name: 'title', type: 'text' },
    { name: 'author', type: 'relationship', relationTo: 'posts' },
    { name: 'tags', type: 'relationship', relationTo: 'posts', hasMany: true, index: true },
    { name: 'either', type: 'relationship', relationTo: ['posts', 'pages'], index: true },
    { name: 'onlyOne', type: 'relationship', relationTo: ['posts'], index: true },
    { name: 'kinds', type: 'select', hasMany: true, options: [], index: true },
    { name: 'data', type: 'json', index: true },
    { name: 'computed', type: 'text', virtual: true, index: true },
    { name: 'items', type: 'array', fields: [{ name: 'code', type: 'text', unique: true }] },
  ] }],`);
    const posts = schema.collections.find(({ slug }) => slug === 'posts')!;
    expect(sliceCandidates(posts)).toEqual(['slug', 'ref', 'category', 'seo.path', 'tenant']);
  });

  test('are found in the types where the config does not tell: slug and the address of a user', () => {
    const { schema } = inspectedBody('collections: all,', `import { all } from 'shared';`, {
      'payload-types.ts': `export interface Config { auth: { people: Auth }; collections: { people: Person }; globals: {} }
export interface Person { id: number; email: string; slug?: string | null; name?: string | null; createdAt: string; updatedAt: string }
export interface Auth {}`,
    });
    expect(sliceCandidates(schema.collections[0]!)).toEqual(['slug', 'email']);
  });
});
