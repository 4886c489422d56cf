import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PostgresServer, startPostgres } from '../support/postgres.js';
import { hasRedis, type RedisServer, startRedis } from '../support/redis.js';
import { type Figures, play, type Stage } from './play.js';

/** The beginning of what `npm run test:people` plays for half an hour on every database. */
const isEnough = ({ comparisons, writes, differences }: Readonly<Figures>): boolean =>
  differences > 0 || (comparisons >= 150 && writes >= 25);

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
    const { examples, hits, lookups } = await play(stage, isEnough, { postgres, redis });
    expect(examples.join('\n')).toBe('');
    expect(hits / lookups, 'a cache that never answers passes every comparison').toBeGreaterThan(0.1);
  },
  300_000,
);
