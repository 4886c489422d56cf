import { buildConfig } from 'payload'

export default buildConfig({ secret: 'x', collections: [{ slug: 'posts', fields: [] }], db: undefined as never })
