import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PostgresServer, startPostgres } from '../support/postgres.js';
import { hasRedis, type RedisServer, startRedis } from '../support/redis.js';
import { play, type Stage } from './play.js';

/** The beginning of what `npm run test:people` plays for half an hour on every database. */
const MINUTES = 0.15;

let postgres: PostgresServer;
let redis: RedisServer;
beforeAll(async () => {
  if (!hasRedis) return;
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
});
afterAll(async () => {
  await postgres?.stop();
  await redis?.stop();
});

// On one Redis, one after the other: a site must not be served what is left of another database.
test.runIf(hasRedis).each<Stage>(['sqlite', 'postgres, read committed'])(
  '%s: five people are told what the database says, by two processes on one Redis',
  async (stage) => {
    const { differences, examples, comparisons, hits, lookups, writes } = await play(stage, MINUTES, {
      postgres,
      redis,
    });
    expect(examples.join('\n')).toBe('');
    expect(differences).toBe(0);
    // What is never written, never read from the cache or never compared proves nothing.
    expect(writes).toBeGreaterThan(5);
    expect(comparisons).toBeGreaterThan(20);
    expect(hits / lookups).toBeGreaterThan(0.1);
  },
);
