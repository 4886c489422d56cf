import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { seoPlugin } from '@payloadcms/plugin-seo'
import { buildConfig } from 'payload'

export default buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }],
  plugins: [
    ...(process.env.SEO ? [seoPlugin({ collections: ['posts'] })] : []),
    // storage comes with the host
  ],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
