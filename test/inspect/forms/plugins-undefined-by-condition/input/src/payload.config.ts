import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'

export default buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }],
  plugins: process.env.PLAIN === undefined ? undefined : [(config) => config],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
