import { differential } from './differential.js';
import { sqliteDatabase } from './sites.js';

differential('sqlite', {
  steps: 14_000,
  schemas: 10,
  commands: 300,
  writes: 18,
  sites: 2,
  writesBesideTransaction: true,
  remembered: { adapter: 7, local: 2 },
  hitRate: 0.3,
  database: sqliteDatabase,
});
