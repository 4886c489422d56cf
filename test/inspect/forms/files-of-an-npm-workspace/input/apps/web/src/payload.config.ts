import { collections } from '@acme/cms'
import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'

export default buildConfig({
  secret: 'x',
  collections,
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
