import { differential } from './differential.js';
import { sqliteTransactionsDatabase } from './sites.js';

differential('sqlite-transactions', {
  steps: 2_500,
  schemas: 3,
  commands: 300,
  writes: 18,
  sites: 2,
  // SQLite has one writer.
  writesBesideTransaction: false,
  remembered: { adapter: 7, local: 2 },
  hitRate: 0.3,
  database: sqliteTransactionsDatabase,
});
