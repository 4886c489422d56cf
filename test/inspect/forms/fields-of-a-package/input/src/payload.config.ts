import { ratingField } from '@acme/shop'
import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'

export default buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [{ name: 'title', type: 'text' }, ratingField()] }],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
