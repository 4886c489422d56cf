import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'

interface Settings {
  databaseURL: string
}

export function makeConfig({ databaseURL }: Settings) {
  return buildConfig({
    secret: 'x',
    collections: [{ slug: 'posts', fields: [{ name: 'title', type: 'text' }] }],
    db: sqliteAdapter({ client: { url: databaseURL } }),
  })
}
