import { buildConfig } from 'payload'
import { db } from './db'
import { plugins } from './plugins'
import { cache } from './payload-kv/index'

export default buildConfig({
  collections: [{ slug: 'posts', fields: [] }],
  db,
  plugins: [...plugins, cache],
})
