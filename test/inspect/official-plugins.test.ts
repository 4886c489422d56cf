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
