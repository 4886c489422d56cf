import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig, type CollectionConfig } from 'payload'

const Posts: CollectionConfig = { slug: 'posts', fields: [] }
const Orders: CollectionConfig = { slug: 'orders', fields: [{ name: 'total', type: 'number' }] }

export default buildConfig({
  secret: 'x',
  collections: [Posts, ...(process.env.SHOP === 'on' ? [Orders] : [])],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
