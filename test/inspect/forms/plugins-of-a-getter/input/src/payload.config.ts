import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig, type Plugin } from 'payload'

export default buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }],
  get plugins(): Plugin[] {
    return []
  },
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
