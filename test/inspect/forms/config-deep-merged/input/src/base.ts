import { sqliteAdapter } from '@payloadcms/db-sqlite'
import type { Config } from 'payload'

export const base: Config = {
  secret: 'x',
  collections: [{ slug: 'pages', fields: [{ name: 'title', type: 'text' }] }],
  db: sqliteAdapter({ client: { url: 'file:./base.db' } }),
}
