import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig, type Config } from 'payload'

const config: Config = {
  secret: 'x',
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
}

config.collections = [{ slug: 'posts', fields: [{ name: 'title', type: 'text' }] }]

export default buildConfig(config)
