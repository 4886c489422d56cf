import { buildConfig } from 'payload'
import { db } from './db'
import { cache } from './payload-kv/index'

export default buildConfig({
  collections: [{ slug: 'posts', fields: [] }],
  db,
  plugins: process.env.SEO ? [cache] : [(config) => config, cache],
})
