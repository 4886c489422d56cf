import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'
import { AUTHORS, SLUGS } from './slugs'

export default buildConfig({
  secret: 'x',
  collections: [
    { slug: SLUGS.posts, fields: [{ name: 'author', type: 'relationship', relationTo: AUTHORS }] },
    { slug: AUTHORS, fields: [] },
  ],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
