import { buildConfig } from 'payload'
import { db } from './db'

const seo = process.env.SEO && ((config) => config)

export default buildConfig({
  collections: [{ slug: 'posts', fields: [] }],
  db,
  plugins: [seo].filter(Boolean),
})
