import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'

const config = buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})

export default { collections: [], plugins: [], then: config.then.bind(config) }
