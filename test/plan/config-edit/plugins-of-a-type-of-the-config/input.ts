import { buildConfig, type Config } from 'payload'
import { db } from './db'

const plugins: Config['plugins'] = [(config) => config]

export default buildConfig({
  collections: [{ slug: 'posts', fields: [] }],
  db,
  plugins,
})
