import { buildConfig } from 'payload'
import { db } from './db'
import { getPlugins } from 'company-plugins'

export default buildConfig({
  collections: [{ slug: 'posts', fields: [] }],
  db,
  plugins: getPlugins(),
})
