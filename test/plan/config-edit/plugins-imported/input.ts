import { buildConfig } from 'payload'
import { db } from './db'
import { plugins } from './plugins'

export default buildConfig({
  collections: [{ slug: 'posts', fields: [] }],
  db,
  plugins,
})
