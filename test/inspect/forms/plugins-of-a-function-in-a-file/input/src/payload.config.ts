import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'
import { getPlugins } from './plugins'

export default buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }],
  plugins: getPlugins(process.env),
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
