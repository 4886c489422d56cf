import { sqliteAdapter } from '@payloadcms/db-sqlite'
import * as payload from 'payload'

export default payload.buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
