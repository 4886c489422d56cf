import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'
import { readingTime } from 'payload-plugin-reading-time'

export default buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [{ name: 'title', type: 'text' }] }],
  plugins: [readingTime()],
  db: sqliteAdapter({ client: { url: 'file:./dev.db' } }),
})
