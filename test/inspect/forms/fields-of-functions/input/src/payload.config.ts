import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'
import { link, slug } from './fields'

export default buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [...slug('title'), link({ appearances: false }), link({ name: 'more' })] }, { slug: 'pages', fields: [] }],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
