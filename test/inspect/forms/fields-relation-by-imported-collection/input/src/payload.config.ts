import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'
import { Media } from './Media'
import { Posts } from './Posts'

export default buildConfig({
  secret: 'x',
  collections: [Posts, Media],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
