import { withSentry } from '@acme/observe'
import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'

export default withSentry(
  buildConfig({
    secret: 'x',
    collections: [{ slug: 'posts', fields: [{ name: 'title', type: 'text' }] }],
    db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
  }),
)
