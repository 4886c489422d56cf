import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { values } from 'lodash-es'
import { buildConfig } from 'payload'
import * as collections from './collections'

export default buildConfig({
  secret: 'x',
  collections: values(collections),
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
