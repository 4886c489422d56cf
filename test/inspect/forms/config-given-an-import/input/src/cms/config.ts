import { sqliteAdapter } from '@payloadcms/db-sqlite'
import type { Config } from 'payload'
import { Posts } from './posts'

export const config: Config = {
  secret: 'x',
  collections: [Posts],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
  plugins: [],
}
