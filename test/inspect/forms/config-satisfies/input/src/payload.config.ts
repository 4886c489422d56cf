import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig, type Config } from 'payload'

const config = {
  secret: 'x',
  collections: [{ slug: 'posts', fields: [{ name: 'title', type: 'text' }] }],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
} satisfies Config

export default buildConfig(config as Config)
