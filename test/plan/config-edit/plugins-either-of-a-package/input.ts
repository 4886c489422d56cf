import { buildConfig } from 'payload'
import { db } from './db'
import { getPlugins, morePlugins } from 'company-plugins'

export default buildConfig({
  collections: [{ slug: 'posts', fields: [] }],
  db,
  plugins: getPlugins() || morePlugins(),
})
