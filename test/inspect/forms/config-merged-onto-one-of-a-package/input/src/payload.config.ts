import { siteDefaults } from '@acme/kit'
import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'

export default buildConfig(
  Object.assign(siteDefaults(), {
    secret: 'x',
    collections: [{ slug: 'posts', fields: [] }],
    db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
  }),
)
