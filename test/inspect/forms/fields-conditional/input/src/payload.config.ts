import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig, type Field } from 'payload'

const preview: Field[] = process.env.PREVIEW ? [{ name: 'previewOf', type: 'relationship', relationTo: 'posts' }] : []

export default buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [{ name: 'title', type: 'text' }, ...preview] }],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
