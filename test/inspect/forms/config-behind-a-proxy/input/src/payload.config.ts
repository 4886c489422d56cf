import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig, type Config } from 'payload'

const config: Config = {
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
}

export default buildConfig(new Proxy(config, {}))
