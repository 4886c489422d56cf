import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { Posts } from '#cms/Posts'
import { buildConfig } from 'payload'

export default buildConfig({
  secret: 'x',
  collections: [Posts],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
