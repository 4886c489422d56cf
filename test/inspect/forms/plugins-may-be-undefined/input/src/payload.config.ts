import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig, type Plugin } from 'payload'

const plugins: Plugin[] | undefined = process.env.AUDIT ? [(config) => config] : undefined

export default buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }],
  plugins,
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
