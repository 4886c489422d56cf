import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { values } from 'lodash-es'
import { buildConfig } from 'payload'
import * as plugins from './plugins'

export default buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }],
  plugins: values(plugins),
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
