import { buildConfig } from 'payload'
import { db } from './db'
import { cache } from './payload-kv/index'

const getPlugins = () => [(config) => config]

export default buildConfig({
  collections: [{ slug: 'posts', fields: [] }],
  'plugins' /* by environment */: [...getPlugins(), cache] /* all of them */, // but one
  db,
})
