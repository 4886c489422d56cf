import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'
import sharedConfig from './payload.config.shared'

export default buildConfig({
  ...sharedConfig,
  db: sqliteAdapter({ client: { url: 'file:./dev.db' } }),
  plugins: [...(sharedConfig.plugins ?? [])],
})
