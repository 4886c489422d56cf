import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'
import { base } from './base'

export default buildConfig({
  ...base,
  globals: [{ slug: 'header', fields: [{ name: 'logo', type: 'upload', relationTo: 'media' }] }],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
