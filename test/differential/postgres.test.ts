import { afterAll, beforeAll } from 'vitest';
import { databaseRegistry } from '../../src/runtime/index.js';
import { type PostgresServer, startPostgres } from '../support/postgres.js';
import { differential } from './differential.js';
import { postgresDatabase } from './sites.js';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

differential('postgres', {
  steps: 2_500,
  schemas: 3,
  commands: 300,
  writes: 18,
  sites: 2,
  writesBesideTransaction: true,
  failureAborts: true,
  remembered: { adapter: 6, local: 2 },
  hitRate: 0.3,
  database: (content) => postgresDatabase(content, server),
  registryOfEach: databaseRegistry,
});
