import { defineStudio } from '@acme/kit'
import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { seoPlugin } from '@payloadcms/plugin-seo'

export default defineStudio({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
  plugins: (defaultPlugins) => defaultPlugins || [seoPlugin({ collections: ['posts'] })],
})
