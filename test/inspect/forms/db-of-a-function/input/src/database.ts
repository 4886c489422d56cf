import { postgresAdapter } from '@payloadcms/db-postgres'

export function getDatabase() {
  const pool = { connectionString: process.env.DATABASE_URL ?? '' }
  return postgresAdapter({ pool, idType: 'uuid', push: false })
}
