import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'
import * as collections from './collections'
import { values } from './values'

export default buildConfig({
  secret: 'x',
  collections: values(collections),
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
