import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'
import { collections } from './collections'

export default buildConfig({ secret: 'x', collections, db: sqliteAdapter({ client: { url: 'file:./site.db' } }) })
