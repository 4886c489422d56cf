import { Products } from '@acme/shop'
import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'

export default buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [{ name: 'product', type: 'relationship', relationTo: 'products' }] }, Products],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
