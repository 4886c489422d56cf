import { buildConfig, type Config } from 'payload'
import { db } from './db'
import { cache } from './payload-kv/index'

const plugins: Config['plugins'] = [(config) => config]

export default buildConfig({
  collections: [{ slug: 'posts', fields: [] }],
  db,
  plugins: [...(plugins ?? []), cache],
})
