import { buildConfig } from 'payload'
import { db } from './db'
import { cache } from 'react'
import { cache as payloadCache } from './payload-kv/index'

export const getSite = cache(() => 'site')

export default buildConfig({
  collections: [{ slug: 'posts', fields: [] }],
  db,
  plugins: [payloadCache],
})
