import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig, type Plugin, type SanitizedConfig } from 'payload'

const load = async () =>
  buildConfig({
    secret: 'x',
    collections: [{ slug: 'posts', fields: [{ name: 'title', type: 'text' }] }],
    db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
  })

export default {
  plugins: [] as Plugin[],
  then: (...handlers: [(config: SanitizedConfig) => void, (error: unknown) => void]) =>
    load().then(...handlers),
}
