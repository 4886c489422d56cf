import { buildConfig, type Plugin } from 'payload'
import { db } from './db'

const shared: Plugin[] | undefined = undefined
const own: Plugin[] | undefined = undefined

export default buildConfig({
  collections: [{ slug: 'posts', fields: [] }],
  db,
  plugins: shared || own,
})
