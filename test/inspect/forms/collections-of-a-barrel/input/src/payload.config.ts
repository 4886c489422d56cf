import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'
import { Media, Posts, Users } from './collections'

export default buildConfig({
  secret: 'x',
  collections: [Posts, Media, Users],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
