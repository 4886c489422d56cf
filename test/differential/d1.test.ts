import { differential } from './differential.js';
import { d1Database } from './sites.js';

differential('d1', {
  steps: 2_500,
  schemas: 3,
  commands: 300,
  writes: 18,
  sites: 2,
  writesBesideTransaction: true,
  remembered: { adapter: 6, local: 2 },
  hitRate: 0.3,
  database: d1Database,
});
