import { defineSite } from '@acme/kit'
import { sqliteAdapter } from '@payloadcms/db-sqlite'

export default defineSite({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
