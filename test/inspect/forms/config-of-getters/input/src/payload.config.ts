import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'

export default buildConfig({
  secret: 'x',
  get collections() {
    return [{ slug: 'posts', fields: [{ name: 'title', type: 'text' as const }] }]
  },
  get db() {
    return sqliteAdapter({ client: { url: 'file:./site.db' } })
  },
})
