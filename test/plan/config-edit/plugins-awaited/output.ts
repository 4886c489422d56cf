import { buildConfig } from 'payload'
import { db } from './db'
import { cache } from './payload-kv/index'

const load = async () => [(config) => config]

export default buildConfig({
  collections: [{ slug: 'posts', fields: [] }],
  db,
  plugins: [...(await load()), cache],
})
