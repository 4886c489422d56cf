import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { seoPlugin } from '@payloadcms/plugin-seo'
import { buildConfig, type Plugin } from 'payload'

const config = {
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
  plugins: [] as Plugin[],
}

if (process.env.SEO) {
  config.plugins.push(seoPlugin({ collections: ['posts'] }))
}

export default buildConfig(config)
