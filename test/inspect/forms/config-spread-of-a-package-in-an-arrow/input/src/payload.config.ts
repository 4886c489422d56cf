import { siteDefaults } from '@acme/kit'
import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'

const site = (secret: string) =>
  buildConfig({
    ...siteDefaults(),
    secret,
    collections: [{ slug: 'posts', fields: [] }, { slug: 'users', auth: true, fields: [] }],
    db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
  })

export default site('x')
