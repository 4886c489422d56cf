import { buildConfig } from 'payload'
import { sqliteD1Adapter } from '@payloadcms/db-d1-sqlite'
import { cache } from './payload-kv/index'

export const makeConfig = (env: CloudflareEnv) =>
  buildConfig({
    collections: [{ slug: 'posts', fields: [] }],
    db: sqliteD1Adapter({ binding: env.D1 }),
    plugins: [cache(env)],
  })

export default makeConfig(process.env as never)
