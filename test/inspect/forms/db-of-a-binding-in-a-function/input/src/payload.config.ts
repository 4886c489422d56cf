import { getCloudflareContext } from '@opennextjs/cloudflare'
import { sqliteD1Adapter } from '@payloadcms/db-d1-sqlite'
import { buildConfig } from 'payload'

async function load() {
  const { env } = await getCloudflareContext({ async: true })
  return buildConfig({
    secret: 'x',
    collections: [{ slug: 'posts', fields: [] }],
    db: sqliteD1Adapter({ binding: env.D1 }),
  })
}

export default load()
