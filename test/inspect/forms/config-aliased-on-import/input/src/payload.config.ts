import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig as defineConfig } from 'payload'

export default defineConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
