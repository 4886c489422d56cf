import { buildConfig } from 'payload'
import { db } from './db'
import { cache } from 'react'

export const getSite = cache(() => 'site')

export default buildConfig({
  collections: [{ slug: 'posts', fields: [] }],
  db,
})
