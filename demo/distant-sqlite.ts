/** Stands in for `@payloadcms/db-sqlite` in the config of a measured project: the same database, a network away. */
import { sqliteAdapter as sqliteHere } from '@payloadcms/db-sqlite';
import { databaseBehindNetwork } from './network.js';

/** As the one of `@payloadcms/db-sqlite`, for several sites that share a database: one of them makes its tables. */
export function sqliteAdapter(args: Parameters<typeof sqliteHere>[0]): ReturnType<typeof sqliteHere> {
  const database = sqliteHere({ ...args, busyTimeout: 10_000, push: process.env.DEMO_HAS_TABLES !== 'true' });
  return { ...database, init: (given) => databaseBehindNetwork(database.init(given)) };
}
