import { differential } from './differential.js';
import { d1Database } from './sites.js';

differential('d1', {
  steps: 1_000,
  schemas: 2,
  commands: 300,
  writes: 18,
  sites: 2,
  writesBesideTransaction: true,
  remembered: { adapter: 5, local: 1 },
  hitRate: 0.3,
  database: d1Database,
});
