import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'
import { CallToAction, Gallery } from './blocks'

export default buildConfig({
  secret: 'x',
  blocks: [Gallery, CallToAction],
  collections: [
    { slug: 'pages', fields: [{ name: 'layout', type: 'blocks', blockReferences: ['gallery', 'cta'], blocks: [] }] },
    { slug: 'media', upload: true, fields: [] },
    { slug: 'posts', fields: [{ name: 'body', type: 'blocks', blocks: [CallToAction] }] },
  ],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
