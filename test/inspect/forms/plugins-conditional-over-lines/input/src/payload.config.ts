import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { seoPlugin } from '@payloadcms/plugin-seo'
import { buildConfig } from 'payload'

export default buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }],
  plugins: process.env.SEO
    ? [
        seoPlugin({ collections: ['posts'] }),
        (config) => config,
      ]
    : process.env.AUDIT
      ? [(config) => config]
      : [], // nothing else
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
