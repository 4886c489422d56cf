import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { seoPlugin } from '@payloadcms/plugin-seo'
import { buildConfig, type Config } from 'payload'

const config: Config = {
  secret: 'x',
  collections: [{ slug: 'posts', fields: [{ name: 'title', type: 'text' }] }],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
}

config.plugins = [seoPlugin({ collections: ['posts'] })]

export default buildConfig(config)
