import { sqliteAdapter } from '@payloadcms/db-sqlite'

export const connect = async () => sqliteAdapter({ client: { url: await Promise.resolve('file:./site.db') } })
