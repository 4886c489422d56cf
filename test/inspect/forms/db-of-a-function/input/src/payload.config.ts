import { buildConfig } from 'payload'
import { getDatabase } from './database'

export default buildConfig({ secret: 'x', collections: [{ slug: 'posts', fields: [] }], db: getDatabase() })
