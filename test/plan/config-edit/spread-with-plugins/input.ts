import { buildConfig } from 'payload'
import { db } from './db'
import { base } from 'company-config'

export default buildConfig({
  ...base,
  collections: [{ slug: 'posts', fields: [] }],
  db,
})
