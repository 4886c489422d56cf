import { sqliteAdapter } from '@payloadcms/db-sqlite';
import { buildConfig, type CollectionConfig } from 'payload';
import { Media, Pages, Posts, Users } from './collections';
import * as globals from './globals';
import { Slug } from './slugs';

const extra: CollectionConfig[] = [];
extra.push({ slug: 'pushed', fields: [] });

const taxonomies = ['categories', 'tags'].map(
  (slug): CollectionConfig => ({ slug: `${slug}`, fields: [{ name: 'title', type: 'text', index: true }] }),
);

export default buildConfig({
  secret: 'x',
  db: sqliteAdapter({ client: { url: ':memory:' } }),
  admin: { user: Slug.Users },
  collections: [Posts, Pages, ...taxonomies.filter(Boolean), ...extra].concat([Media, Users]),
  globals: Object.values(globals),
});
