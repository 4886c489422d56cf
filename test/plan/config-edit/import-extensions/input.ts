import { buildConfig } from 'payload'
import { db } from './db.js'

export default buildConfig({
  collections: [{ slug: 'posts', fields: [] }],
  db,
})
