import { Posts } from '@acme/content'
import { seo } from '@acme/content/fields'
import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'

export default buildConfig({
  secret: 'x',
  collections: [Posts, { slug: 'pages', fields: seo }, { slug: 'media', upload: true, fields: [] }],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
