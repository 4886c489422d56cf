/**
 * A process that calls one function as often at once as it is told, again with each line of its input that is a key, and
 * says what it was answered. Arguments: where Redis is, calls, milliseconds of a run, the lifetime of the lock in seconds.
 */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { createCache } from '../../src/runtime/cache.js';
import { redis } from '../../src/runtime/redis.js';

const [url = '', calls, milliseconds, lifetime] = process.argv.slice(2);
const cache = createCache({
  store: redis({ url }),
  timeout: 30_000,
  writeTimeout: 5_000,
  logger: { ...console, warn: () => undefined },
});
/** Counts the runs of all processes: in a Redis of its own, which nobody kills. */
const counter = new Redis(process.env.COUNTER ?? url);
const say = (what: unknown): void => void process.stdout.write(`${JSON.stringify(what)}\n`);

async function called(key: string): Promise<unknown[]> {
  const call = () =>
    cache.cached(
      async ({ fencingToken }) => {
        const run = await counter.incr(`runs:${key}`);
        await counter.rpush(`tokens:${key}`, `${fencingToken}`);
        say({ running: key, run });
        await sleep(Number(milliseconds));
        return run;
      },
      { key: [key], lock: { lifetime: Number(lifetime), wait: '2m' } },
    );
  return Promise.all(Array.from({ length: Number(calls) }, call));
}

say({ ready: true });
for await (const key of createInterface({ input: process.stdin })) {
  const results = await called(key).catch((error: unknown) => String(error));
  say({ key, results });
}
