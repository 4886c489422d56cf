import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig, type SanitizedConfig } from 'payload'

export default {
  async then(resolve: (config: SanitizedConfig) => void) {
    if (process.env.PREVIEW) {
      resolve(
        await buildConfig({
          secret: 'preview',
          collections: [{ slug: 'posts', fields: [] }],
          db: sqliteAdapter({ client: { url: 'file:./preview.db' } }),
        }),
      )
      return
    }
    resolve(
      await buildConfig({
        secret: 'x',
        collections: [{ slug: 'posts', fields: [] }],
        db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
      }),
    )
  },
}
