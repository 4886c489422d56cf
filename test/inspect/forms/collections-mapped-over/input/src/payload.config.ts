import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig, type CollectionConfig } from 'payload'

const withOwner = (collection: CollectionConfig): CollectionConfig => ({
  ...collection,
  fields: [...collection.fields, { name: 'owner', type: 'relationship', relationTo: 'users', index: true }],
})

const all: CollectionConfig[] = [
  { slug: 'posts', fields: [{ name: 'title', type: 'text' }] },
  { slug: 'pages', fields: [] },
]

export default buildConfig({
  secret: 'x',
  collections: [...all.map(withOwner), { slug: 'users', auth: true, fields: [] }],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
