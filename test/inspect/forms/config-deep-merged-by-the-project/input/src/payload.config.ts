import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'
import { base } from './base'
import { deepMerge } from './deepMerge'

export default buildConfig(
  deepMerge(base, {
    globals: [{ slug: 'footer', fields: [{ name: 'text', type: 'text' }] }],
    db: sqliteAdapter({ client: { url: 'file:./shop.db' } }),
  }),
)
