import { buildConfig } from 'payload'
import { db } from './db.js'
import { cache } from './payload-kv/index.js'

export default buildConfig({
  collections: [{ slug: 'posts', fields: [] }],
  db,
  plugins: [cache],
})
