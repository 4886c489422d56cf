import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig, type Config } from 'payload'
import { deepMerge } from './deepMerge'

const base: Config = {
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
  plugins: [(config) => config],
}

export const configure = (overrides?: Partial<Config>) => buildConfig(deepMerge(base, overrides ?? {}))
