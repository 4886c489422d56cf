import { buildConfig } from 'payload'
import { db } from './db'

export default buildConfig({
  collections: [{ slug: 'posts', fields: [] }],
  db,
  plugins: process.env.SEO ? undefined : [(config) => config],
})
