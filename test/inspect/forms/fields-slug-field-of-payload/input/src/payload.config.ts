import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig, slugField } from 'payload'

export default buildConfig({
  secret: 'x',
  collections: [
    { slug: 'posts', fields: [{ name: 'title', type: 'text' }, slugField()] },
    { slug: 'pages', fields: [{ name: 'name', type: 'text' }, slugField({ name: 'path', useAsSlug: 'name' })] },
  ],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
