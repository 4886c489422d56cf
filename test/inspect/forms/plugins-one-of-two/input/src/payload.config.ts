import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig, type Plugin } from 'payload'

const shared = undefined as Plugin[] | undefined
const own = undefined as Plugin[] | undefined

export default buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }],
  plugins: shared || own,
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
