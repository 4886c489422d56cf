import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'
import * as collections from './collections'

export default buildConfig({
  secret: 'x',
  collections: Object.values(collections),
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
