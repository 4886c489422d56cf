import { buildConfig } from 'payload'
import { db } from './db'
import { cache } from './payload-kv/index'

export default buildConfig({
  plugins: [cache],
  collections: [{ slug: 'posts', fields: [] }],
  db,
})
