import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'
import { seoFields, titleField } from './fields'

export default buildConfig({
  secret: 'x',
  collections: [
    { slug: 'posts', fields: [titleField, ...seoFields] },
    { slug: 'pages', fields: seoFields },
    { slug: 'media', upload: true, fields: [] },
  ],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
