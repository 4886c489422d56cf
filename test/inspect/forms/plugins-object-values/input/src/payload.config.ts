import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'
import * as plugins from './plugins'

export default buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }],
  plugins: Object.values(plugins),
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
