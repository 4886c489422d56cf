import { differential } from './differential.js';
import { sqliteDatabase } from './sites.js';

// Functions that read, and call functions, on generated sites: each answer is compared with that of the same reads
// without a cache, after each write as well.
differential('functions', {
  steps: 1_500,
  schemas: 5,
  commands: 150,
  writes: 18,
  functions: 40,
  sites: 2,
  writesBesideTransaction: true,
  remembered: { adapter: 1, local: 1, function: 6 },
  hitRate: 0.2,
  database: sqliteDatabase,
});
