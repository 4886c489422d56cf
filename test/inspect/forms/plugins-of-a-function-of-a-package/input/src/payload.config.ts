import { shopPlugins } from '@acme/shop'
import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'

export default buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }],
  plugins: shopPlugins(),
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
