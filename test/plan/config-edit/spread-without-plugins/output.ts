import { buildConfig } from 'payload'
import { db } from './db'
import { cache } from './payload-kv/index'

const base = { telemetry: false }

export default buildConfig({
  collections: [{ slug: 'posts', fields: [] }],
  db,
  ...base,
  plugins: [cache],
})
