import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'
import { plugins } from './plugins'

export default buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }],
  plugins,
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
