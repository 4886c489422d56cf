import { getCloudflareContext } from '@opennextjs/cloudflare'
import { sqliteD1Adapter } from '@payloadcms/db-d1-sqlite'
import { buildConfig } from 'payload'

const cloudflare = await getCloudflareContext({ async: true })

export default buildConfig({
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }],
  db: sqliteD1Adapter({ binding: cloudflare.env.D1 }),
  plugins: [],
})
