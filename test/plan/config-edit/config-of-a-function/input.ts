import { buildConfig } from 'payload'
import { db } from './db'

function options() {
  return {
    collections: [{ slug: 'posts', fields: [] }],
    db,
  }
}

export default buildConfig(options())
