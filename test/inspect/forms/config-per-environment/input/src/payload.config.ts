import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { postgresAdapter } from '@payloadcms/db-postgres'
import { buildConfig } from 'payload'
import { shared } from './payload.config.shared'

export default process.env.NODE_ENV === 'production'
  ? buildConfig({ ...shared, db: postgresAdapter({ pool: { connectionString: process.env.DATABASE_URL } }) })
  : buildConfig({ ...shared, db: sqliteAdapter({ client: { url: 'file:./dev.db' } }) })
