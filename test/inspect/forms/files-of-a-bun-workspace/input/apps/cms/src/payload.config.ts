import { Posts } from '@acme/schema'
import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'

export default buildConfig({
  secret: 'x',
  collections: [Posts],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
