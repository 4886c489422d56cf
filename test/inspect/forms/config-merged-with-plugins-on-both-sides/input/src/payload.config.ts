import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'
import { base } from './base'

export default buildConfig(
  Object.assign({}, base, {
    plugins: [],
    db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
  }),
)
