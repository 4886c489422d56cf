import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig, type SanitizedConfig } from 'payload'

type Resolve = (config: SanitizedConfig) => void

// Built when it is asked for.
export default {
  then(resolve: Resolve, reject: (error: unknown) => void) {
    const config = buildConfig({
      secret: 'x',
      collections: [{ slug: 'posts', fields: [{ name: 'title', type: 'text' }] }],
      db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
    })
    config.then(resolve, reject)
  },
}
