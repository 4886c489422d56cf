import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'

const db = sqliteAdapter({ client: { url: 'file:./site.db' }, idType: 'uuid' })

export default buildConfig({ secret: 'x', collections: [{ slug: 'posts', fields: [] }], db })
