import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'

export default buildConfig({
  secret: 'x',
  collections: [{ slug: 'orders', fields: [{ name: 'total', type: 'number' }] }],
  db: sqliteAdapter({ client: { url: 'file:./shop.db' } }),
})
