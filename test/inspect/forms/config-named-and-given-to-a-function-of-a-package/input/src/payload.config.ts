import { withDefaults } from '@acme/kit'
import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig, type Config } from 'payload'

const own: Config = {
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
}

const config = buildConfig(withDefaults(own))

export default config
