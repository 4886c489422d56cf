import { buildConfig } from 'payload'
import { db } from './db'

export default buildConfig({
  plugins: [],
  collections: [{ slug: 'posts', fields: [] }],
  db,
})
