import { describe, expect, test } from 'vitest';
import type { FieldSchema } from '../../src/inspect/schema.js';
import { inspected, inspectedBody } from './written.js';

const TYPES = `
export interface Config {
  auth: { users: UserAuthOperations; customers: UserAuthOperations };
  collections: {
    posts: Post;
    customers: Customer;
    'form-submissions': FormSubmission;
    media: Media;
    users: User;
    'payload-kv': PayloadKv;
    'payload-query-presets': Preset;
  };
  collectionsJoins: { customers: { orders: 'posts' } };
  globals: { shop: Shop; 'payload-jobs-stats': Stats };
  locale: 'en' | 'de';
}
export interface Post { id: number; title: string; cover?: (number | null) | Media; createdAt: string; updatedAt: string; }
export interface Customer {
  id: number;
  email: string;
  password?: string | null;
  collection: 'customers';
  vip?: boolean | null;
  favourites?: (number | Post)[] | null;
  anything?: ({ relationTo: 'posts'; value: number | Post } | null) | ({ relationTo: 'media'; value: number | Media } | null);
  avatar?: (number | null) | Media;
  address?: Address;
  orders?: { docs?: (number | Post)[]; hasNextPage?: boolean; totalDocs?: number };
  notes?: { text?: string | null; by?: (number | null) | User; id?: string | null }[] | null;
  layout?: (HeroBlock | { image?: (number | null) | Media; id?: string | null; blockName?: string | null; blockType: 'picture' })[] | null;
  rich?: { root: { type: string }; [k: string]: unknown } | null;
  raw?: { [k: string]: unknown } | unknown[] | string | null;
  tags?: ('a' | 'b')[] | null;
  place?: [number, number] | null;
  _status?: ('draft' | 'published') | null;
}
export interface Address { city?: string | null; country?: (string | null) | Post; parent?: Address }
export interface HeroBlock { post?: (number | null) | Post; id?: string | null; blockName?: string | null; blockType: 'hero' }
export interface FormSubmission { id: number; form: string | Post; }
export interface Media { id: number; url?: string | null; filename?: string | null; mimeType?: string | null; }
export interface User { id: number; email: string; }
export interface PayloadKv { id: number; key: string }
export interface Preset { id: number }
export interface Stats { id: number }
export interface Shop { id: number; owner?: (number | null) | User; _status?: ('draft' | 'published') | null; }
export interface UserAuthOperations { login: { email: string } }
`;

/** A project whose one plugin adds what the types tell. */
function withPlugin(types = TYPES) {
  return inspectedBody(
    `admin: { user: 'users' },
  plugins: [shop()],
  localization: locales,
  collections: [
    { slug: 'posts', fields: [{ name: 'title', type: 'text' }, { name: 'cover', type: 'upload', relationTo: 'media' }] },
    { slug: 'media', upload: true, fields: [] },
    { slug: 'users', auth: true, fields: [] },
  ],`,
    `import { shop } from 'shop';\nimport { locales } from 'locales';`,
    { 'payload-types.ts': types },
  );
}

test('collections that only the types know are completed from them', () => {
  const { schema, typesFile } = withPlugin();
  expect(typesFile).toBe('payload-types.ts');
  expect(schema.collections.map(({ slug, origin }) => `${slug}: ${origin}`)).toEqual([
    'customers: types',
    'form-submissions: types',
    'media: config',
    'posts: config',
    'users: config',
  ]);
  const flags = {
    localized: false,
    unique: false,
    index: false,
    hasMany: false,
    virtual: false,
    insideList: false,
  };
  const customers = schema.collections[0]!;
  expect(customers).toMatchObject({ auth: true, upload: false, versions: true, drafts: true });
  const expected: FieldSchema[] = [
    { ...flags, path: '_status', type: 'select', index: true },
    { ...flags, path: 'address', type: 'group' },
    { ...flags, path: 'address.city', type: 'text' },
    { ...flags, path: 'address.country', type: 'relationship', relationTo: ['posts'] },
    { ...flags, path: 'anything', type: 'relationship', relationTo: ['media', 'posts'], polymorphic: true },
    { ...flags, path: 'avatar', type: 'upload', relationTo: ['media'] },
    { ...flags, path: 'email', type: 'email', unique: true },
    { ...flags, path: 'favourites', type: 'relationship', hasMany: true, relationTo: ['posts'] },
    { ...flags, path: 'id', type: 'number', unique: true, index: true },
    { ...flags, path: 'layout', type: 'blocks' },
    { ...flags, path: 'layout.blockName', type: 'text', insideList: true },
    { ...flags, path: 'layout.blockType', type: 'text', insideList: true },
    { ...flags, path: 'layout.id', type: 'text', insideList: true },
    { ...flags, path: 'layout.image', type: 'upload', insideList: true, relationTo: ['media'] },
    { ...flags, path: 'layout.post', type: 'relationship', insideList: true, relationTo: ['posts'] },
    { ...flags, path: 'notes', type: 'array' },
    { ...flags, path: 'notes.by', type: 'relationship', insideList: true, relationTo: ['users'] },
    { ...flags, path: 'notes.id', type: 'text', insideList: true },
    { ...flags, path: 'notes.text', type: 'text', insideList: true },
    { ...flags, path: 'orders', type: 'join', join: { collection: ['posts'], on: '', hasWhere: false } },
    { ...flags, path: 'place', type: 'point' },
    { ...flags, path: 'raw', type: 'json' },
    { ...flags, path: 'rich', type: 'richText' },
    { ...flags, path: 'tags', type: 'select', hasMany: true },
    { ...flags, path: 'vip', type: 'checkbox' },
  ];
  expect(customers.fields).toEqual(expected);
  expect(schema.collections[1]).toMatchObject({
    slug: 'form-submissions',
    versions: 'unknown',
    drafts: 'unknown',
  });
  expect(schema.globals).toMatchObject([{ slug: 'shop', origin: 'types', drafts: true }]);
  expect(schema.locales).toEqual(['en', 'de']);
  expect(schema.warnings).toEqual([]);
});

test('fields that a plugin adds to a collection of the config are completed from the types', () => {
  const { schema } = withPlugin(
    TYPES.replace('title: string;', 'title: string; meta?: { image?: (number | null) | Media };'),
  );
  const posts = schema.collections.find(({ slug }) => slug === 'posts')!;
  expect(posts.fields.find(({ path }) => path === 'meta.image')).toMatchObject({ relationTo: ['media'] });
  expect(schema.warnings).toEqual([]);
});

describe('the types complete what the config left open', () => {
  test('targets that are computed', () => {
    const { schema } = inspectedBody(
      `admin: { user: 'users' }, collections: [
  { slug: 'users', auth: true, fields: [] }, { slug: 'media', upload: true, fields: [] },
  { slug: 'posts', fields: [{ name: 'title', type: 'text' }, { name: 'cover', type: 'upload', relationTo: target() }] }],`,
      `import { target } from 'shared';`,
      { 'payload-types.ts': TYPES },
    );
    const posts = schema.collections.find(({ slug }) => slug === 'posts')!;
    expect(posts.fields.find(({ path }) => path === 'cover')?.relationTo).toEqual(['media']);
    expect(schema.unresolved).toMatchObject([{ part: 'posts.fields.cover.relationTo' }]);
  });

  test('all collections, where none could be read', () => {
    const { schema } = inspectedBody('collections: all,', `import { all } from 'shared';`, {
      'payload-types.ts': TYPES,
    });
    expect(schema.collections.map(({ slug }) => slug)).toEqual([
      'customers',
      'form-submissions',
      'media',
      'posts',
      'users',
    ]);
    expect(schema.collections.every(({ origin }) => origin === 'types')).toBe(true);
  });

  test('but nothing inside a field that has no fields, such as JSON with a schema', () => {
    const { schema } = inspectedBody(
      `admin: { user: 'x' }, collections: [{ slug: 'posts', fields: [{ name: 'data', type: 'json' }] }],`,
      '',
      {
        'payload-types.ts': `export interface Config { collections: { posts: Post }; globals: {} }
export interface Post { id: number; data?: { a?: string; b?: { c?: string } } | null; createdAt: string; updatedAt: string }`,
      },
    );
    expect(schema.collections[0]?.fields.map(({ path }) => path)).toEqual([
      'createdAt',
      'data',
      'id',
      'updatedAt',
    ]);
    expect(schema.warnings).toEqual([]);
  });
});

describe('a disagreement is a warning', () => {
  const body = `admin: { user: 'x' }, collections: [
  { slug: 'posts', fields: [{ name: 'cover', type: 'upload', relationTo: 'media' }, { name: 'isNew', type: 'checkbox' }] },
  { slug: 'pages', fields: [] },
],`;
  const types = `export interface Config { collections: { posts: Post; media: Media }; globals: {}; auth: {} }
export interface Post { id: number; cover?: (number | null) | Post; old?: string | null; createdAt: string; updatedAt: string }
export interface Media { id: number }`;

  test('in words, and what both say counts', () => {
    const { schema } = inspectedBody(body, '', { 'payload-types.ts': types });
    expect(schema.warnings).toEqual([
      'The collection pages is in the config but not in payload-types.ts: is that file old? `payload generate:types` writes it anew.',
      'posts.cover refers to media in the config, but refers to posts in payload-types.ts.',
      'posts: isNew is in the config but not in payload-types.ts: is that file old? `payload generate:types` writes it anew.',
      'posts: old is in payload-types.ts but not in the config: is that file old? `payload generate:types` writes it anew.',
      'The collection media is in payload-types.ts but not in the config: is that file old? `payload generate:types` writes it anew.',
    ]);
    const posts = schema.collections.find(({ slug }) => slug === 'posts')!;
    expect(posts.fields.find(({ path }) => path === 'cover')?.relationTo).toEqual(['media', 'posts']);
  });

  test('a file older than payload-kv collections is noticed', () => {
    const { schema } = inspectedBody(body, '', {
      'payload-types.ts': types,
      'node_modules/payload/package.json': '{ "version": "3.90.2" }',
    });
    expect(schema.warnings).toContain(
      'payload-types.ts has no collection payload-kv: it is older than the installed Payload.',
    );
  });

  test('a file that is broken or something else is left aside', () => {
    for (const [text, problem] of [
      ['export interface Config {{', 'it has a syntax error'],
      ['export interface Other {}', 'it has no interface Config'],
    ]) {
      const { schema } = inspectedBody(body, '', { 'payload-types.ts': text! });
      expect(schema.warnings).toEqual([`payload-types.ts could not be read: ${problem}.`]);
      expect(schema.collections.map(({ slug }) => slug)).toEqual(['pages', 'posts']);
    }
  });
});

describe('the types are found', () => {
  const config = `import { buildConfig } from 'payload';
import path from 'path';
import { fileURLToPath } from 'url';
const dirname = path.dirname(fileURLToPath(import.meta.url));
export default buildConfig({ admin: { user: 'x' }, collections: [{ slug: 'posts', fields: [] }], TYPESCRIPT });`;
  const types = 'export interface Config { collections: {} }';

  test.each([
    [`typescript: { outputFile: path.resolve(dirname, '..', 'generated/types.ts') }`, 'generated/types.ts'],
    [`typescript: { outputFile: path.join(process.cwd(), 'types/cms.ts') }`, 'types/cms.ts'],
    [`typescript: { outputFile: \`\${dirname}/cms-types.ts\` }`, 'src/cms-types.ts'],
    [`debug: true`, 'src/payload-types.ts'],
    [`debug: true`, 'payload-types.ts'],
  ])('%s → %s', (typescript, file) => {
    const project = inspected({
      'src/payload.config.ts': config.replace('TYPESCRIPT', typescript),
      [file]: types,
    });
    expect(project.typesFile).toBe(file);
  });

  test('nowhere, and nothing is said about it', () => {
    const project = inspected({ 'src/payload.config.ts': config.replace('TYPESCRIPT', 'debug: true') });
    expect(project.typesFile).toBeUndefined();
    expect(project.schema.warnings).toEqual([]);
  });
});

describe('collections and globals that only the types know', () => {
  const STALE = `
export interface Config {
  auth: { users: UserAuthOperations };
  collections: { posts: Post; phantoms: Phantom; users: User; 'payload-kv': PayloadKv };
  globals: { ghost: Ghost };
  locale: null;
}
export interface Post { id: number; createdAt: string; updatedAt: string; }
export interface Phantom { id: number; post?: (number | null) | Post }
export interface User { id: number; email: string; }
export interface PayloadKv { id: number; key: string }
export interface Ghost { id: number; post?: (number | null) | Post }
export interface UserAuthOperations { login: { email: string } }
`;

  function beside(plugins: string, imports: string) {
    return inspectedBody(
      `collections: [{ slug: 'posts', fields: [] }, { slug: 'users', auth: true, fields: [] }],\n  plugins: [${plugins}],`,
      imports,
      { 'payload-types.ts': STALE },
    ).schema;
  }
  const slugs = ({ collections, globals }: ReturnType<typeof beside>) =>
    [...collections, ...globals].map(({ slug, unsure }) => (unsure ? `${slug}?` : slug));

  test.each([
    ['', ''],
    ['s3Storage({ collections: { posts: true } })', "import { s3Storage } from '@payloadcms/storage-s3';"],
    [
      "seoPlugin({ collections: ['posts'] }), payloadCloudPlugin()",
      "import { seoPlugin } from '@payloadcms/plugin-seo';\nimport { payloadCloudPlugin } from '@payloadcms/payload-cloud';",
    ],
  ])('are not taken for real where no plugin may add any: %s', (plugins, imports) => {
    const schema = beside(plugins, imports);
    expect(slugs(schema)).toEqual(['posts', 'users']);
    expect(schema.warnings).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^The collection phantoms is in payload-types\.ts but not in the config/),
        expect.stringMatching(/^The global ghost is in payload-types\.ts but not in the config/),
      ]),
    );
  });

  test('are unsure where a plugin may have added them', () => {
    const schema = beside('somebodys()', "import { somebodys } from 'payload-plugin-of-somebody';");
    expect(slugs(schema)).toEqual(['phantoms?', 'posts', 'users', 'ghost?']);
  });

  test('are what there is where the collections of the config cannot be read', () => {
    const { schema } = inspectedBody('collections: all(),', "import { all } from 'elsewhere';", {
      'payload-types.ts': STALE,
    });
    expect(slugs(schema)).toEqual(['phantoms', 'posts', 'users', 'ghost']);
  });
});
