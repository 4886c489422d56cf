import { buildConfig } from 'payload'
import { connect } from './database'

export default buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }],
  db: await connect(),
})
