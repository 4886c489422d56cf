import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { merge } from 'lodash-es'
import { buildConfig, type Config } from 'payload'
import { shared } from './shared'

const config: Config = merge({}, shared, {
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})

export default buildConfig(config)
