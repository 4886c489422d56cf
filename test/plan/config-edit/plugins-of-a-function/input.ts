import { buildConfig } from 'payload'
import { db } from './db'

function getPlugins() {
  if (!process.env.SEO) return []
  return [(config) => config]
}

export default buildConfig({
  collections: [{ slug: 'posts', fields: [] }],
  db,
  plugins: getPlugins(),
})
