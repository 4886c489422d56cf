import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'
import * as Collections from './collections'

export default buildConfig({
  secret: 'x',
  collections: [Collections.Posts, Collections.Pages, Collections['Tags']],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
