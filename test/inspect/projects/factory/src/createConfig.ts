import { sqliteAdapter } from '@payloadcms/db-sqlite';
import { buildConfig, type CollectionConfig, type Config } from 'payload';

const Editors: CollectionConfig = { slug: 'editors', auth: true, fields: [] };

export const createConfig = async (overrides: Partial<Config>) => {
  const { collections = [], plugins, ...rest } = overrides;
  return buildConfig({
    secret: 'x',
    db: sqliteAdapter({ client: { url: ':memory:' } }),
    collections: [Editors, ...collections],
    plugins: [...(plugins ?? [])],
    ...rest,
  });
};
