import { buildConfig } from 'payload'
import { db } from './db'
import { cache } from './payload-kv/index'

const seo = process.env.SEO && ((config) => config)

export default buildConfig({
  collections: [{ slug: 'posts', fields: [] }],
  db,
  plugins: [seo, cache].filter(Boolean),
})
