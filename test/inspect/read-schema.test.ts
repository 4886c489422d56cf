import { describe, expect, test } from 'vitest';
import type { FieldSchema, ProjectSchema } from '../../src/inspect/schema.js';
import { inspected, inspectedBody } from './written.js';

function slugs({ collections }: ProjectSchema): string[] {
  return collections.map(({ slug }) => slug);
}

/** The fields that the project itself wrote, by path. */
function fieldsOf(schema: ProjectSchema, slug: string): Record<string, FieldSchema> {
  const fields = schema.collections.find((collection) => collection.slug === slug)?.fields ?? [];
  return Object.fromEntries(fields.map((field) => [field.path, field]));
}

function relationsOf(schema: ProjectSchema, slug: string): Record<string, string[]> {
  const fields = Object.values(fieldsOf(schema, slug)).filter((field) => field.relationTo);
  return Object.fromEntries(fields.map((field) => [field.path, field.relationTo!]));
}

test('a whole schema, as it is handed on', () => {
  const { schema } = inspectedBody(
    `  admin: { user: 'users' },
  collections: [
    {
      slug: 'posts',
      timestamps: false,
      fields: [
        { name: 'slug', type: 'text', unique: true },
        { name: 'author', type: 'relationship', relationTo: 'users' },
      ],
    },
    { slug: 'users', timestamps: false, auth: { disableLocalStrategy: true }, fields: [] },
  ],
  localization: { locales: ['en', 'nl'], defaultLocale: 'en' },`,
  );
  const flags = {
    localized: false,
    unique: false,
    index: false,
    hasMany: false,
    virtual: false,
    insideList: false,
  };
  const id = { ...flags, path: 'id', type: 'number', unique: true, index: true };
  expect(schema).toEqual({
    collections: [
      {
        slug: 'posts',
        origin: 'config',
        location: { file: 'payload.config.ts', line: 6 },
        auth: false,
        upload: false,
        versions: false,
        drafts: false,
        access: { read: 'default', create: 'default' },
        fields: [
          { ...flags, path: 'author', type: 'relationship', relationTo: ['users'] },
          id,
          { ...flags, path: 'slug', type: 'text', unique: true },
        ],
      },
      {
        slug: 'users',
        origin: 'config',
        location: { file: 'payload.config.ts', line: 14 },
        auth: true,
        upload: false,
        versions: false,
        drafts: false,
        access: { read: 'default', create: 'default' },
        fields: [id],
      },
    ],
    globals: [],
    locales: ['en', 'nl'],
    unresolved: [],
    warnings: [],
  });
});

describe('what Payload adds', () => {
  test('is a users collection where nothing logs in', () => {
    const { schema } = inspectedBody(`collections: [{ slug: 'posts', fields: [] }]`);
    const users = schema.collections.find(({ slug }) => slug === 'users');
    expect(users).toMatchObject({ auth: true, origin: 'config' });
    expect(users).not.toHaveProperty('location');
  });

  test('is none where admin.user names one, or where what is there could not all be read', () => {
    expect(
      slugs(
        inspectedBody(`admin: { user: 'staff' }, collections: [{ slug: 'staff', auth: true, fields: [] }]`)
          .schema,
      ),
    ).toEqual(['staff']);
    expect(
      slugs(
        inspectedBody(`collections: [{ slug: 'posts', fields: [] }, more]`, `import { more } from 'more';`)
          .schema,
      ),
    ).toEqual(['posts']);
  });
});

describe('a config is read through', () => {
  test.each([
    ['a constant', `const config = buildConfig({ collections });\nexport default config;`],
    ['await', `export default await buildConfig({ collections });`],
    ['satisfies and as', `export default buildConfig({ collections } satisfies Config as any);`],
    ['no buildConfig at all', `const config = { collections };\nexport default config;`],
    ['an async function', `export default async () => buildConfig({ collections });`],
    [
      'an object that is changed later',
      `const config = {};\nconfig.collections = collections;\nexport default config;`,
    ],
    ['a call of the language', `export default buildConfig(Object.assign({}, { collections }));`],
    ['a dynamic import', `export default import('./inner').then((module) => module.default);`],
    ['a namespace', `import * as inner from './inner';\nexport default inner.default;`],
    ['a renamed re-export', `export { config as default } from './inner';`],
    ['a star re-export', `import { config } from './star';\nexport default config;`],
    ['.js in the specifier', `export { default } from './inner.js';`],
    [
      'destructuring',
      `const { a: { config }, ...rest } = { a: { config: { collections } }, b: 1 };\nexport default config;`,
    ],
    [
      'a getter',
      `const holder = { get config() { return { collections }; } };\nexport default holder.config;`,
    ],
  ])('%s', (_, text) => {
    const { schema } = inspected({
      'payload.config.ts': `import { buildConfig } from 'payload';\nconst collections = [{ slug: 'posts', fields: [] }];\n${text}`,
      'inner.ts': `export const config = { collections: [{ slug: 'posts', fields: [] }] };\nexport default config;`,
      'star.ts': `export * from './star';\nexport * from './inner';`,
    });
    expect(slugs(schema)).toEqual(['posts', 'users']);
    expect(schema.unresolved).toEqual([]);
  });

  test('what a package wraps around it, with a notice', () => {
    const { schema } = inspected({
      'payload.config.ts': `import { buildConfig } from 'payload';\nimport { withTracing } from 'tracing';\nexport default withTracing(buildConfig({ collections: [{ slug: 'posts', fields: [] }] }));`,
    });
    expect(slugs(schema)).toEqual(['posts', 'users']);
    expect(schema.unresolved).toEqual([
      {
        part: 'config',
        expression: `withTracing(buildConfig({ collections: [{ slug: 'posts', fields: [] }] }))`,
        location: { file: 'payload.config.ts', line: 3 },
        reason: 'the config is passed through withTracing of tracing, which may change it',
      },
    ]);
  });
});

describe('collections are read through', () => {
  test('aliases, barrels, default exports and JSON', () => {
    const { schema } = inspected({
      'tsconfig.json':
        '{ "compilerOptions": { "baseUrl": ".", "paths": { "@/*": ["./src/*"], "~media": ["./src/media.ts"] } } }',
      'src/payload.config.ts': `import { Posts } from '@/collections';\nimport Media from '~media';\nimport data from '@/data.json';\nexport default { collections: [Posts, Media, data] };`,
      'src/collections/index.ts': `export * from './posts';`,
      'src/collections/posts/index.tsx': `const a = <T,>(x: T) => x;\nexport const Posts = a({ slug: 'posts', fields: [] });`,
      'src/media.ts': `const Media = { slug: 'media', upload: true, fields: [] };\nexport { Media as default };`,
      'src/data.json': '{ "slug": "data", "fields": [] }',
    });
    expect(slugs(schema)).toEqual(['data', 'media', 'posts', 'users']);
    expect(schema.unresolved).toEqual([]);
  });

  test.each([
    ['a spread', `[...[{ slug: 'a', fields: [] }], ...[]]`],
    ['map', `['a'].map((slug) => ({ slug, fields: [] }))`],
    ['map with a block body', `['a'].map(function (slug) { const fields = []; return { slug, fields }; })`],
    ['filter(Boolean)', `[false, null, undefined, { slug: 'a', fields: [] }].filter(Boolean)`],
    ['filter', `[{ slug: 'a', fields: [] }, { slug: 'b', fields: [] }].filter(({ slug }) => slug !== 'b')`],
    ['concat and flat', `[[{ slug: 'a', fields: [] }]].flat().concat([])`],
    ['flatMap', `['a'].flatMap((slug) => [{ slug, fields: [] }])`],
    ['reduce', `['a'].reduce((all, slug) => [...all, { slug, fields: [] }], [])`],
    ['a known condition', `[...(1 < 2 ? [{ slug: 'a', fields: [] }] : [{ slug: 'b', fields: [] }])]`],
    ['a template', `[{ slug: \`\${'a'}\`, fields: [] }]`],
    ['Object.values', `Object.values({ x: { slug: 'a', fields: [] } })`],
    [
      'an immediately called function',
      `(() => { if (false) return []; return [{ slug: 'a', fields: [] }]; })()`,
    ],
    ['a rest parameter', `((...all) => all)({ slug: 'a', fields: [] })`],
    [
      'a switch',
      `((kind) => { switch (kind) { case 1: return []; default: return [{ slug: 'a', fields: [] }]; } })(2)`,
    ],
    ['an early return', `((on) => { if (!on) return []; return [{ slug: 'a', fields: [] }]; })(true)`],
    ['reassignment', `(() => { let all = []; all = [...all, { slug: 'a', fields: [] }]; return all; })()`],
  ])('%s', (_, expression) => {
    const { schema } = inspectedBody(`admin: { user: 'x' }, collections: ${expression},`);
    expect(slugs(schema)).toEqual(['a']);
    expect(schema.unresolved).toEqual([]);
  });

  test('a helper with defaults, overrides and a destructured parameter', () => {
    const { schema } = inspectedBody(
      `admin: { user: 'x' }, collections: [make('posts', { fields: [{ name: 'cover', type: 'upload', relationTo: 'media' }] }), make()],`,
      `function make(slug = 'pages', { fields = [], ...rest } = {}) {
  return { slug, ...rest, fields: [{ name: 'title', type: 'text', index: true }, ...fields] };
}`,
    );
    expect(slugs(schema)).toEqual(['pages', 'posts']);
    expect(relationsOf(schema, 'posts')).toEqual({ cover: ['media'] });
    expect(fieldsOf(schema, 'pages').title).toMatchObject({ index: true });
  });
});

describe('what depends on a condition is taken as present, with a notice', () => {
  test.each([
    [
      'a conditional spread',
      `[{ slug: 'a', fields: [] }, ...(process.env.SHOP ? [{ slug: 'b', fields: [] }] : [])]`,
    ],
    [
      'an && element',
      `[{ slug: 'a', fields: [] }, process.env.SHOP && { slug: 'b', fields: [] }].filter(Boolean)`,
    ],
    ['two lists', `process.env.SHOP ? [{ slug: 'a', fields: [] }] : [{ slug: 'b', fields: [] }]`],
    [
      'an early return',
      `((shop) => { if (process.env.SHOP) return [{ slug: 'a', fields: [] }]; return [{ slug: 'b', fields: [] }]; })()`,
    ],
    [
      'a push',
      `(() => { const all = [{ slug: 'a', fields: [] }]; if (process.env.SHOP) all.push({ slug: 'b', fields: [] }); return all; })()`,
    ],
    [
      'an assignment',
      `(() => { let all = [{ slug: 'a', fields: [] }]; if (process.env.SHOP) { all = [{ slug: 'b', fields: [] }]; } return all; })()`,
    ],
    [
      'a switch',
      `((all) => { switch (process.env.SHOP) { case 'x': return [{ slug: 'a', fields: [] }]; default: return [{ slug: 'b', fields: [] }]; } })()`,
    ],
  ])('%s', (_, expression) => {
    const { schema } = inspectedBody(`admin: { user: 'x' }, collections: ${expression},`);
    expect(slugs(schema)).toEqual(['a', 'b']);
    expect(schema.unresolved.length).toBeGreaterThan(0);
    for (const notice of schema.unresolved) {
      expect(notice).toMatchObject({
        part: 'collections',
        location: { file: 'payload.config.ts', line: 4 },
        reason: 'it depends on a condition that is only known at run time; taken as present',
      });
    }
  });

  test('a push at the top level of the file', () => {
    const { schema } = inspectedBody(
      `admin: { user: 'x' }, collections,`,
      `const collections = [{ slug: 'a', fields: [] }];\nif (process.env.SHOP) {\n  collections.push({ slug: 'b', fields: [] });\n}`,
    );
    expect(slugs(schema)).toEqual(['a', 'b']);
    expect(schema.unresolved).toMatchObject([{ part: 'collections', location: { line: 4 } }]);
  });

  test('a flag, a target and a property', () => {
    const { schema } = inspectedBody(
      `collections: [{
  slug: 'posts',
  ...(process.env.DRAFTS ? { versions: { drafts: true } } : {}),
  fields: [
    { name: 'code', type: 'text', unique: process.env.UNIQUE === 'yes' },
    { name: 'owner', type: 'relationship', relationTo: process.env.B2B ? 'companies' : 'people' },
  ],
}],`,
    );
    expect(schema.collections[0]).toMatchObject({ slug: 'posts', versions: true, drafts: true });
    expect(fieldsOf(schema, 'posts').code?.unique).toBe(true);
    expect(relationsOf(schema, 'posts')).toEqual({ owner: ['companies', 'people'] });
    expect(schema.unresolved.map(({ part, location }) => `${part}:${location.line}`)).toEqual([
      'posts.fields.code.unique:8',
      'posts.fields.owner.relationTo:9',
      'posts.versions:6',
    ]);
  });
});

describe('what cannot be read is listed, with its place and the reason', () => {
  test.each([
    [
      'a collection of a package',
      `collections: [{ slug: 'posts', fields: [] }, Orders],`,
      `import { Orders } from 'shop';`,
      {
        part: 'collections',
        expression: 'Orders',
        reason: 'it comes from the package shop, whose code is not read',
      },
    ],
    [
      'a module that is missing',
      `collections: [{ slug: 'posts', fields: [] }, Orders],`,
      `import { Orders } from './orders';`,
      { part: 'collections', expression: 'Orders', reason: `the module './orders' was not found` },
    ],
    [
      'an export that is missing',
      `collections: [{ slug: 'posts', fields: [] }, Nope],`,
      `import { Nope } from './there';`,
      { part: 'collections', expression: 'Nope', reason: `'./there' has no export called 'Nope'` },
    ],
    [
      'a slug of the environment',
      `collections: [{ slug: 'posts', fields: [] }, { slug: process.env.SLUG, fields: [] }],`,
      '',
      {
        part: 'collections.slug',
        expression: 'process.env.SLUG',
        reason: 'it depends on the environment variable SLUG',
      },
    ],
    [
      'a class',
      `collections: [{ slug: 'posts', fields: new Fields() }],`,
      'class Fields {}',
      { part: 'posts.fields', expression: 'new Fields()', reason: 'it is made by a class' },
    ],
    [
      'a field of a package',
      `collections: [{ slug: 'posts', fields: [richSlug()] }],`,
      `import { richSlug } from 'fields';`,
      {
        part: 'posts.fields',
        expression: 'richSlug()',
        reason: 'it comes from the package fields, whose code is not read',
      },
    ],
    [
      'a computed key',
      `collections: [{ slug: 'posts', [process.env.KEY]: [] }],`,
      '',
      { part: 'posts', expression: '[process.env.KEY]: []', reason: 'its key is computed' },
    ],
    [
      'a spread of a package',
      `collections: [{ slug: 'posts', ...base, fields: [] }],`,
      `import { base } from 'shared';`,
      {
        part: 'posts',
        expression: 'base',
        reason: 'it comes from the package shared, whose code is not read',
      },
    ],
    [
      'a target that is computed',
      `collections: [{ slug: 'posts', fields: [{ name: 'x', type: 'relationship', relationTo: target() }] }],`,
      `import { target } from 'shared';`,
      {
        part: 'posts.fields.x.relationTo',
        expression: 'target()',
        reason: 'it comes from the package shared, whose code is not read',
      },
    ],
    [
      'a while loop',
      `collections: [{ slug: 'posts', fields: make() }],`,
      `function make() { const all = []; while (all.length < Math.random()) all.push({}); return all; }`,
      { part: 'posts.fields', reason: 'a loop decides it' },
    ],
    [
      'a constant that refers to itself',
      `collections: [{ slug: 'posts', fields: loop }],`,
      'const loop = loop;',
      { part: 'posts.fields', reason: 'it refers to itself' },
    ],
    [
      'a function that never ends',
      `collections: [{ slug: 'posts', fields: forever() }],`,
      'function forever() { return [...forever()]; }',
      { part: 'posts.fields', reason: 'the calls go too deep to follow' },
    ],
    [
      'an object that spreads itself without end',
      `collections: [{ slug: 'posts', ...forever() }],`,
      'function forever() { return { ...forever() }; }',
      { part: 'posts', reason: 'the calls go too deep to follow' },
    ],
    [
      'a block that is not there',
      `collections: [{ slug: 'posts', fields: [{ name: 'layout', type: 'blocks', blockReferences: ['hero'], blocks: [] }] }],`,
      '',
      { part: 'posts.fields.layout', expression: `'hero'`, reason: `the config has no block 'hero'` },
    ],
    [
      'locales of a package',
      `localization: i18n, collections: [{ slug: 'posts', fields: [] }],`,
      `import { i18n } from 'i18n';`,
      { part: 'localization', expression: 'i18n' },
    ],
  ])('%s', (_, body, above, expected) => {
    const { schema } = inspectedBody(body, above, { 'there.ts': 'export const other = 1;' });
    expect(schema.collections.map(({ slug }) => slug)).toContain('posts');
    expect(schema.unresolved).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          ...expected,
          location: expect.objectContaining({ file: expect.any(String) }),
        }),
      ]),
    );
    expect(schema.unresolved.filter(({ part }) => part !== 'posts')).toHaveLength(
      expected.part === 'posts' ? 0 : 1,
    );
  });

  test('plugins, which may add anything', () => {
    const { schema } = inspectedBody(
      `collections: [{ slug: 'posts', fields: [] }],
  plugins: [
    labelsPlugin({ collections: ['posts'] }),
    ...(process.env.AUDIT ? [audit()] : []),
    (config) => config,
  ],`,
      `import { labelsPlugin } from 'payload-plugin-labels';\nimport { audit } from 'payload-plugin-audit';`,
    );
    expect(schema.unresolved.map(({ part, location }) => `${part}:${location.line}`)).toEqual([
      'plugins:7',
      'plugins:8',
      'plugins:9',
    ]);
    expect(schema.unresolved[0]?.reason).toBe(
      'plugins are not run; they may add collections, globals and fields',
    );
  });

  test('a collection that is passed through a package, read nevertheless', () => {
    const { schema } = inspectedBody(
      `collections: [withPreview({ slug: 'posts', fields: [{ name: 'a', type: 'text' }] })],`,
      `import { withPreview } from 'preview';`,
    );
    expect(fieldsOf(schema, 'posts').a).toBeDefined();
    expect(schema.unresolved).toMatchObject([
      { part: 'collections', reason: 'it is passed through withPreview of preview, which may change it' },
    ]);
  });

  test('a block that contains itself, read once', () => {
    const { schema } = inspectedBody(
      `blocks: [{ slug: 'box', fields: [{ name: 'inner', type: 'blocks', blockReferences: ['box'], blocks: [] }, { name: 'image', type: 'upload', relationTo: 'media' }] }],
collections: [{ slug: 'posts', fields: [{ name: 'layout', type: 'blocks', blockReferences: ['box'], blocks: [] }] }],`,
    );
    expect(relationsOf(schema, 'posts')).toEqual({ 'layout.image': ['media'] });
    expect(schema.unresolved).toMatchObject([
      { part: 'posts.fields.layout.inner', reason: 'the block contains itself; its fields are listed once' },
    ]);
  });
});

describe('the database adapter is known', () => {
  test.each([
    ['@payloadcms/db-sqlite', 'sqliteAdapter({})', 'sqlite'],
    ['@payloadcms/db-d1-sqlite', 'sqliteD1Adapter({ binding: x })', 'd1'],
    ['@payloadcms/db-postgres', 'postgresAdapter({})', 'postgres'],
    ['@payloadcms/db-vercel-postgres', 'vercelPostgresAdapter({})', 'vercel-postgres'],
    ['@payloadcms/db-mongodb', 'mongooseAdapter({})', 'mongodb'],
    ['somewhere', 'ownAdapter({})', 'unknown'],
  ])('%s', (packageName, expression, kind) => {
    const name = expression.split('(')[0];
    const { database } = inspectedBody(
      `collections: [{ slug: 'posts', fields: [] }], db: ${expression}`,
      `import { ${name} } from '${packageName}';`,
    );
    expect(database).toEqual({
      kind,
      ...(kind === 'unknown' ? {} : { packageName }),
      expression,
      location: { file: 'payload.config.ts', line: 4 },
    });
  });

  test('behind a function, a file and a wrapper', () => {
    const { database } = inspectedBody(
      `collections: [{ slug: 'posts', fields: [] }], db: database(process.env)`,
      `import { database } from './database';`,
      {
        'database.ts': `import { postgresAdapter } from '@payloadcms/db-postgres';\nimport { traced } from 'traced';\nexport const database = (env) => { const options = { pool: {}, idType: 'uuid' }; return traced(postgresAdapter(options)); };`,
      },
    );
    expect(database).toMatchObject({
      kind: 'postgres',
      idType: 'uuid',
      location: { file: 'database.ts', line: 3 },
    });
  });

  test('as several, where a condition chooses', () => {
    const { database } = inspectedBody(
      `collections: [{ slug: 'posts', fields: [] }], db: process.env.LOCAL ? sqliteAdapter({}) : postgresAdapter({})`,
      `import { sqliteAdapter } from '@payloadcms/db-sqlite';\nimport { postgresAdapter } from '@payloadcms/db-postgres';`,
    );
    expect(database).toMatchObject({
      kind: 'unknown',
      alternatives: [
        { kind: 'sqlite', packageName: '@payloadcms/db-sqlite' },
        { kind: 'postgres', packageName: '@payloadcms/db-postgres' },
      ],
    });
  });
});

test('forty collections are read by parsing each file once, without a type checker', () => {
  const files: Record<string, string> = {
    'fields.ts': `export const title = (index = false) => ({ name: 'title', type: 'text', index });`,
  };
  const names = Array.from({ length: 40 }, (_, index) => `c${index}`);
  for (const name of names) {
    files[`collections/${name}.ts`] = `import { title } from '../fields';
export const ${name} = { slug: '${name}', fields: [title(true), ${Array.from({ length: 30 }, (_, index) => `{ name: 'f${index}', type: 'relationship', relationTo: 'c${index}' }`).join(', ')}] };`;
  }
  files['collections/index.ts'] = names.map((name) => `export * from './${name}';`).join('\n');
  const { schema } = inspected({
    ...files,
    'payload.config.ts': `import * as all from './collections';\nexport default { admin: { user: 'x' }, collections: Object.values(all) };`,
  });
  expect(schema.collections).toHaveLength(40);
  expect(relationsOf(schema, 'c7').f29).toEqual(['c29']);
});

test('the fields of the plugin for search engines are known where a collection lists them itself', () => {
  const { schema } = inspectedBody(
    `collections: [{ slug: 'pages', fields: [{ name: 'meta', type: 'group', fields: [
      OverviewField({ titlePath: 'meta.title' }),
      MetaTitleField({ hasGenerateFn: true }),
      MetaImageField({ relationTo: 'media', overrides: { name: 'picture' } }),
      MetaDescriptionField({}),
      PreviewField({ hasGenerateFn: true }),
    ] }] }],
    localization: { locales: ['en', 'nl'], defaultLocale: 'en' },`,
    `import { MetaDescriptionField, MetaImageField, MetaTitleField, OverviewField, PreviewField } from '@payloadcms/plugin-seo/fields';`,
  );
  const fields = fieldsOf(schema, 'pages');
  expect(Object.keys(fields).filter((path) => path.startsWith('meta.'))).toEqual([
    'meta.description',
    'meta.picture',
    'meta.title',
  ]);
  expect(fields['meta.picture']).toMatchObject({ type: 'upload', relationTo: ['media'], localized: true });
  expect(fields['meta.title']).toMatchObject({ type: 'text', localized: true });
  expect(fields['meta.description']!.type).toBe('textarea');
  expect(schema.unresolved).toEqual([]);
});
