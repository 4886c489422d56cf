import { sqliteAdapter } from '@payloadcms/db-sqlite'
import type { Config } from 'payload'

export const cmsConfig = ({ database }: { database: string }): Config => ({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [{ name: 'title', type: 'text' }] }],
  plugins: [(config) => config],
  db: sqliteAdapter({ client: { url: database } }),
})
