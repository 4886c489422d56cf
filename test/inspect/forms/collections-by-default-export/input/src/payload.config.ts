import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'
import Pages from './collections/Pages'
import Posts from './collections/Posts'

export default buildConfig({
  secret: 'x',
  collections: [Pages, Posts],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
