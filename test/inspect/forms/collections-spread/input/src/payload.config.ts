import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig, type CollectionConfig } from 'payload'
import { shopCollections } from './shop'

const blogCollections: CollectionConfig[] = [{ slug: 'posts', fields: [] }]

export default buildConfig({
  secret: 'x',
  collections: [...blogCollections, ...shopCollections, { slug: 'pages', fields: [] }],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
