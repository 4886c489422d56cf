import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'

const db = sqliteAdapter({ client: { url: 'file:./site.db' } })

export default buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }],
  db,
}).then((config) => ({ ...config, db: sqliteAdapter({ client: { url: 'file:./other.db' } }) }))
