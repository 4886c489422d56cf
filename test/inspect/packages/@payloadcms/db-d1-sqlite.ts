import { sqliteAdapter } from '@payloadcms/db-sqlite';

/** An adapter that stands where D1's would. */
export const sqliteD1Adapter = (_options: { binding: unknown }) =>
  sqliteAdapter({ client: { url: 'file:./d1.db' } });
