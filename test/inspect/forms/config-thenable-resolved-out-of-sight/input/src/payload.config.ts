import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig, type SanitizedConfig } from 'payload'

const build = () =>
  buildConfig({
    secret: 'x',
    collections: [{ slug: 'posts', fields: [] }],
    db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
  })

export default {
  then(resolve: (config: SanitizedConfig | Promise<SanitizedConfig>) => void) {
    queueMicrotask(() => resolve(build()))
  },
}
