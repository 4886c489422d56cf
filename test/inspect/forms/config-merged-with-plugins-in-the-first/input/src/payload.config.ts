import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig, type Config } from 'payload'

const base: Omit<Config, 'db'> = {
  secret: 'x',
  collections: [{ slug: 'pages', fields: [] }],
  plugins: [(config) => config],
}

export default buildConfig(
  Object.assign({}, base, {
    db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
  }),
)
