import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { inspectProject } from '../../src/inspect/project.js';
import type { FieldSchema } from '../../src/inspect/schema.js';
import { comparable, type truthOf } from './sanitised.js';
import { inspectedBody } from './written.js';

function sample(name: string) {
  return fileURLToPath(new URL(`./official-plugins/${name}`, import.meta.url));
}

/** What Payload makes of a sample with the packages themselves, as `official-plugins/record.ts` wrote it down. */
function truth(name: string): ReturnType<typeof truthOf> {
  return JSON.parse(readFileSync(path.join(sample(name), 'truth.json'), 'utf8'));
}

/** Without what only the config tells, and the lists in which fields of several blocks meet. */
function bare(entities: { slug: string; fields: any[] }[]): any[] {
  return comparable<any>(entities).map(({ location: _, origin: __, access: ___, ...entity }) => entity);
}

test.each([
  ['website', "the plugins of Payload's website template, with options and overrides"],
  ['plain', 'the same with hardly any, and those of Stripe, Sentry, import and export'],
  ['tenants', 'tenants'],
  ['shop', 'a shop, with variants, two currencies and a payment method'],
])('%s: the schema is what the packages make of it: %s', (name) => {
  const { schema, filesRead } = inspectProject({ cwd: sample(name) });
  const { collections, globals } = truth(name);
  expect(schema.unresolved).toEqual([]);
  expect(schema.warnings).toEqual([]);
  expect(filesRead).toEqual(['payload.config.ts']);
  expect(schema.collections.map(({ slug }) => slug)).toEqual(collections.map(({ slug }) => slug));
  for (const [index, collection] of bare(schema.collections).entries())
    expect(collection).toEqual(bare(collections)[index]);
  expect(bare(schema.globals)).toEqual(bare(globals));
  expect(schema.collections.every(({ location }) => location?.file === 'payload.config.ts')).toBe(true);
});

const CONFIG = `collections: [
    { slug: 'posts', fields: [] },
    { slug: 'media', upload: true, fields: [] },
    { slug: 'users', auth: true, fields: [] },
  ],`;

function withPlugins(plugins: string, imports: string, files?: Record<string, string>) {
  return inspectedBody(`${CONFIG}\n  plugins: [${plugins}],`, imports, files).schema;
}

const paths = (schema: ReturnType<typeof withPlugins>, slug: string) =>
  schema.collections.find((each) => each.slug === slug)?.fields.map(({ path: it }) => it);

test('storage adapters add nothing but the prefix, and the cloud nothing at all, whether they are on or not', () => {
  const schema = withPlugins(
    "s3Storage({ collections: { media: { prefix: 'a' }, posts: true }, bucket: process.env.BUCKET }), payloadCloudPlugin(), process.env.BLOB ? vercelBlobStorage({ collections: { media: true } }) : undefined",
    "import { s3Storage } from '@payloadcms/storage-s3';\nimport { vercelBlobStorage } from '@payloadcms/storage-vercel-blob';\nimport { payloadCloudPlugin } from '@payloadcms/payload-cloud';",
  );
  expect(schema.unresolved).toEqual([]);
  expect(paths(schema, 'media')).toContain('prefix');
  expect(paths(schema, 'posts')).not.toContain('prefix');
});

test('one that a condition turns on is taken as present, and said', () => {
  const schema = withPlugins(
    "...(process.env.SEO ? [seoPlugin({ collections: ['posts'] })] : [])",
    "import { seoPlugin } from '@payloadcms/plugin-seo';",
  );
  expect(paths(schema, 'posts')).toContain('meta.title');
  expect(schema.unresolved).toMatchObject([
    { part: 'plugins', reason: expect.stringContaining('condition') },
  ]);
});

test('options that are not known leave a word at the place of the plugin', () => {
  const schema = withPlugins(
    'redirectsPlugin({ collections: targets(), overrides: { slug: slugOf() } })',
    "import { redirectsPlugin } from '@payloadcms/plugin-redirects';\nimport { slugOf, targets } from 'elsewhere';",
  );
  expect(schema.unresolved.length).toBeGreaterThan(0);
  expect(schema.unresolved.every(({ location }) => location.file === 'payload.config.ts')).toBe(true);
});

test('a plugin of others is named as before, beside those that are known', () => {
  const schema = withPlugins(
    "seoPlugin({ collections: ['posts'] }), somebodys()",
    "import { seoPlugin } from '@payloadcms/plugin-seo';\nimport { somebodys } from 'payload-plugin-of-somebody';",
  );
  expect(schema.unresolved).toMatchObject([{ part: 'plugins', expression: 'somebodys()' }]);
  expect(paths(schema, 'posts')).toContain('meta.title');
});

test('of the keys of MCP the collection and its relations are known, not its checkboxes for each tool', () => {
  const { schema } = inspectProject({ cwd: sample('keys') });
  const { collections } = truth('keys');
  expect(schema.unresolved).toEqual([]);
  expect(schema.collections.map(({ slug, auth }) => [slug, auth])).toEqual(
    collections.map(({ slug, auth }) => [slug, auth]),
  );
  const related = (fields: FieldSchema[]) =>
    fields.flatMap((field) => (field.relationTo ? [[field.path, field.relationTo]] : []));
  for (const [index, { fields }] of schema.collections.entries())
    expect(related(fields)).toEqual(related(collections[index]!.fields));
});

const TENANTS = "import { multiTenantPlugin } from '@payloadcms/plugin-multi-tenant';";
const PEOPLE = "{ slug: 'users', auth: true, fields: [] }, { slug: 'customers', auth: true, fields: [] }";

function withTenants(collections: string, more = '') {
  return inspectedBody(
    `${more}collections: [{ slug: 'tenants', fields: [] }, { slug: 'pages', fields: [] }, ${PEOPLE}],
    plugins: [multiTenantPlugin({ collections: { ${collections} } })],`,
    TENANTS,
  ).schema;
}

test('the first collection with auth has the list of tenants where no other is that of the admin panel', () => {
  const first = withTenants('pages: {}, customers: {}');
  expect(paths(first, 'users')).toContain('tenants.tenant');
  expect(paths(first, 'customers')).not.toContain('tenants.tenant');
  expect(paths(first, 'customers')).toContain('tenant');
  const named = withTenants('pages: {}', "admin: { user: 'customers' },");
  expect(paths(named, 'users')).not.toContain('tenants.tenant');
  expect(paths(named, 'customers')).toContain('tenants.tenant');
});

test('of the collections that are told the tenants have no tenant themselves, and the users have both', () => {
  const schema = withTenants('pages: {}, tenants: {}, users: {}');
  expect(paths(schema, 'tenants')).not.toContain('tenant');
  expect(paths(schema, 'pages')).toContain('tenant');
  expect(paths(schema, 'users')).toEqual(expect.arrayContaining(['tenant', 'tenants.tenant']));
});

const EXPORTS = "import { importExportPlugin } from '@payloadcms/plugin-import-export';";
const WITH_EXTRA =
  "({ collection }) => ({ ...collection, fields: [...collection.fields, { name: 'extra', type: 'text' }] })";

test('a collection `exports` of the project is left as it is', () => {
  const { schema } = inspectedBody(
    "collections: [{ slug: 'exports', fields: [{ name: 'mine', type: 'text' }] }], plugins: [importExportPlugin({})],",
    EXPORTS,
  );
  expect(schema.unresolved).toEqual([]);
  expect(paths(schema, 'exports')).toContain('mine');
  expect(paths(schema, 'exports')).not.toContain('format');
  expect(paths(schema, 'imports')).toContain('importMode');
});

test('the exports of one collection start from what the plugin has, not from what the project makes of it', () => {
  const own = withPlugins(
    `importExportPlugin({
      overrideExportCollection: ({ collection }) => ({ ...collection, slug: 'my-exports' }),
      collections: [{ slug: 'posts', export: { overrideCollection: ({ collection }) => ({ ...collection, slug: collection.slug + '-posts' }) } }],
    })`,
    EXPORTS,
  );
  const slugs = own.collections.map(({ slug }) => slug);
  expect(slugs).toEqual(expect.arrayContaining(['my-exports', 'exports-posts', 'imports']));
  expect(slugs).not.toContain('my-exports-posts');
  const same = withPlugins(
    `importExportPlugin({
      overrideExportCollection: ({ collection }) => ({ ...collection, fields: [{ name: 'base', type: 'text' }] }),
      collections: [{ slug: 'posts', export: { overrideCollection: ${WITH_EXTRA} } }],
    })`,
    EXPORTS,
  );
  expect(paths(same, 'exports')).toEqual(expect.arrayContaining(['extra', 'format']));
  expect(paths(same, 'exports')).not.toContain('base');
});

test('a plugin that looks for a slug is certain of it beside a collection that a condition adds', () => {
  const { schema } = inspectedBody(
    "collections: [{ slug: 'posts', fields: [] }, ...(process.env.MORE ? [{ slug: 'pages', fields: [] }] : [])], plugins: [importExportPlugin({})],",
    EXPORTS,
  );
  expect(schema.unresolved.map(({ part }) => part)).toEqual(['collections']);
});
