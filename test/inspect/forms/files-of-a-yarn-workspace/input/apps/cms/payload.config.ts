import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'
import Posts from 'shared-collections/Posts'

export default buildConfig({
  secret: 'x',
  collections: [Posts],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
