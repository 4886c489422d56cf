import { siteDefaults } from '@acme/kit'
import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'

const common = siteDefaults()

export default buildConfig({
  ...common,
  ...(process.env.PREVIEW ? siteDefaults() : {}),
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }, { slug: 'users', auth: true, fields: [] }],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
