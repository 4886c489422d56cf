import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig, type Config } from 'payload'

export default buildConfig(
  Object.defineProperties(
    {
      secret: 'x',
      collections: [{ slug: 'posts', fields: [] }],
      db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
    } as Config,
    { plugins: { enumerable: true, value: [] } },
  ),
)
