import { buildConfig } from 'payload'
import { db } from './db'
import { cache } from './payload-kv/index'

function options() {
  return {
    collections: [{ slug: 'posts', fields: [] }],
    db,
    plugins: [cache],
  }
}

export default buildConfig(options())
