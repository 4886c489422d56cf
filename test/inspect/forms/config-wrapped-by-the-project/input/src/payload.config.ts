import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig, type Config } from 'payload'
import { withAudit } from './withAudit'

export default buildConfig(
  withAudit({
    secret: 'x',
    collections: [{ slug: 'posts', fields: [{ name: 'title', type: 'text' }] }],
    db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
    plugins: [],
  } satisfies Config),
)
