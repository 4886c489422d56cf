import { buildConfig } from '#core'
import { collections } from '#payload/collections'
import { sqliteAdapter } from '@payloadcms/db-sqlite'

export default buildConfig({
  secret: 'x',
  collections,
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
