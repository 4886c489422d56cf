import { buildConfig } from 'payload'
import { db } from './db'

const base = { telemetry: false }

export default buildConfig({
  collections: [{ slug: 'posts', fields: [] }],
  db,
  ...base,
})
