import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig, type CollectionConfig } from 'payload'
import { Orders } from './Orders'

export default buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }, process.env.SHOP && Orders].filter(Boolean) as CollectionConfig[],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
