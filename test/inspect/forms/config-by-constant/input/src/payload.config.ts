import { sqliteAdapter } from '@payloadcms/db-sqlite';
import { buildConfig } from 'payload';
import { seoPlugin } from '@payloadcms/plugin-seo';

const config = buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [{ name: 'title', type: 'text' }] }],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
  plugins: [seoPlugin({ collections: ['posts'] })],
});

export default config;
