import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'
import { seoTab, tabs, withGroup } from './tabs'

export default buildConfig({
  secret: 'x',
  collections: [
    {
      slug: 'pages',
      fields: [
        tabs([seoTab(), { label: 'Content', fields: [{ name: 'hero', type: 'upload', relationTo: 'media' }] }]),
        withGroup('settings', [{ name: 'parent', type: 'relationship', relationTo: 'pages' }]),
        { type: 'row', fields: [{ name: 'from', type: 'date' }, { type: 'collapsible', label: 'More', fields: [{ name: 'to', type: 'date' }] }] },
      ],
    },
    { slug: 'media', upload: true, fields: [] },
  ],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
