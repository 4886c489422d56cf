import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { seoPlugin } from '@payloadcms/plugin-seo'
import { buildConfig, type Plugin } from 'payload'

const plugins: Plugin[] = [seoPlugin({ collections: ['posts'] })]
if (process.env.AUDIT) {
  plugins.push((config) => config)
}

export default buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }],
  plugins: plugins,
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
