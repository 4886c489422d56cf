import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'
import { createCollection } from './createCollection'

export default buildConfig({
  secret: 'x',
  collections: [
    createCollection('posts', {
      drafts: true,
      fields: [{ name: 'author', type: 'relationship', relationTo: 'people' }],
    }),
    createCollection('people'),
  ],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
