import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'
import { Slug } from './Slug'

export default buildConfig({
  secret: 'x',
  collections: [
    { slug: Slug.Posts, fields: [{ name: 'related', type: 'relationship', relationTo: Slug.Posts, hasMany: true }] },
    { slug: Slug['Pages'], fields: [] },
  ],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
