import { buildConfig } from 'payload'
import { db } from './db'
import { overrides } from 'company-config'

export default buildConfig({
  collections: [{ slug: 'posts', fields: [] }],
  db,
  plugins: [],
  ...overrides,
})
