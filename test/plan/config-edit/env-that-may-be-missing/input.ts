import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { sqliteD1Adapter } from '@payloadcms/db-d1-sqlite'
import { r2Storage } from '@payloadcms/storage-r2'
import { getCloudflareContext } from '@opennextjs/cloudflare'
import { buildConfig } from 'payload'

const cloudflare = await getCloudflareContext({ async: true }).catch(() => null)

export default buildConfig({
  collections: [{ slug: 'posts', fields: [] }],
  db: cloudflare?.env.D1
    ? sqliteD1Adapter({ binding: cloudflare.env.D1 })
    : sqliteAdapter({ client: { url: 'file:./site.db' } }),
  plugins: cloudflare?.env.R2 ? [r2Storage({ bucket: cloudflare.env.R2, collections: {} })] : [],
})
