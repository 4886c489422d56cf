import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig, type Config, deepMerge } from 'payload'
import { base } from './base'

export default buildConfig(
  deepMerge<Config, Partial<Config>>(base, {
    collections: [{ slug: 'orders', fields: [{ name: 'buyer', type: 'relationship', relationTo: 'users' }] }],
    db: sqliteAdapter({ client: { url: 'file:./shop.db' } }),
  }),
)
