import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'

const config = await buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})

export default Object.assign(config, { serverURL: 'https://example.com' })
