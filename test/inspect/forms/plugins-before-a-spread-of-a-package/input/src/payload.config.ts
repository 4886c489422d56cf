import { siteDefaults } from '@acme/kit'
import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'

export default buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }, { slug: 'users', auth: true, fields: [] }],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
  plugins: [],
  ...siteDefaults(),
})
