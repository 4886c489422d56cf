import { buildConfig } from 'payload'
import { db } from './db' // SQLite here, D1 there

export default buildConfig({
  collections: [{ slug: 'posts', fields: [] }],
  db,
})
