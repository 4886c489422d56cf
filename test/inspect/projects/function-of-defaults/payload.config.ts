import { sqliteAdapter } from '@payloadcms/db-sqlite';
import { buildConfig, type CollectionConfig, type Config } from 'payload';

const defaults: CollectionConfig[] = [{ slug: 'pages', fields: [{ name: 'path', type: 'text', unique: true }] }];

function make(build: (base: CollectionConfig[]) => Partial<Config>) {
  const config = build(defaults);
  if (!config.globals) config.globals = [];
  config.globals.push({ slug: 'footer', fields: [] });
  return buildConfig({ secret: 'x', db: sqliteAdapter({ client: { url: ':memory:' } }), ...config } as Config);
}

export default Promise.resolve().then(() =>
  make((base) => ({ collections: base.concat({ slug: 'docs', fields: [{ name: 'page', type: 'relationship', relationTo: 'pages' }] }) })),
);
