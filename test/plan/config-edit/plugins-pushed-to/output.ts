import { buildConfig } from 'payload'
import { db } from './db'
import { cache } from './payload-kv/index'

const plugins = []
if (process.env.SEO) plugins.push((config) => config)

export default buildConfig({
  collections: [{ slug: 'posts', fields: [] }],
  plugins: [...plugins, cache],
  db,
})
