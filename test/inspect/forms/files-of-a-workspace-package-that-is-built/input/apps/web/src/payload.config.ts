import { Posts } from '@acme/content'
import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'

export default buildConfig({
  secret: 'x',
  collections: [Posts, { slug: 'pages', fields: [] }],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
