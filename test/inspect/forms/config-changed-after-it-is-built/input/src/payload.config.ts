import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'

export default buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
}).then((config) => ({ ...config, custom: { ...config.custom, site: 'x' } }))
