import { buildConfig } from 'payload'
import { db } from './db'

const getPlugins = () => [(config) => config]

export default buildConfig({
  collections: [{ slug: 'posts', fields: [] }],
  'plugins' /* by environment */: getPlugins() /* all of them */, // but one
  db,
})
