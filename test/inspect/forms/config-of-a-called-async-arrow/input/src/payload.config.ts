import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'

export default (async () => {
  const { posts } = await import('./posts')
  return buildConfig({
    secret: 'x',
    collections: [posts],
    db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
  })
})()
