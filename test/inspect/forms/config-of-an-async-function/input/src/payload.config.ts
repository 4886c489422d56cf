import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'

const loadConfig = async () => {
  const url = await Promise.resolve('file:./site.db')
  return buildConfig({
    secret: 'x',
    collections: [{ slug: 'posts', fields: [{ name: 'title', type: 'text' }] }],
    db: sqliteAdapter({ client: { url } }),
    plugins: [],
  })
}

export default loadConfig()
