import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig, type Config } from 'payload'

class Site {
  plugins = []
  toJSON(): Config {
    return {
      secret: 'x',
      collections: [{ slug: 'posts', fields: [] }],
      db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
    }
  }
}

export default buildConfig(new Site().toJSON())
