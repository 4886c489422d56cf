import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { seededRandom } from '../support/chaos.js';
import { type RedisServer, startRedis } from '../support/redis.js';
import { repository } from '../support/repository.js';

/** What a process says. */
interface Said {
  ready?: true;
  running?: string;
  run?: number;
  key?: string;
  results?: number[] | string;
}

interface Caller {
  child: ChildProcess;
  said: Said[];
  /** Calls the function under a key; resolves when all of its calls are answered. */
  call(key: string): Promise<number[]>;
  until(test: (said: Said) => boolean): Promise<Said>;
  kill(): Promise<void>;
}

let server: RedisServer;
/** Counts runs, and is killed by nobody. */
let counting: RedisServer;
let counter: Redis;
beforeAll(async () => {
  [server, counting] = [await startRedis(), await startRedis()];
  counter = counting.connect();
});
afterAll(async () => {
  await server?.stop();
  await counting?.stop();
});

const callers: Caller[] = [];
afterEach(async () => {
  await Promise.all(callers.splice(0).map((caller) => caller.kill()));
});

async function startCaller(how: { calls?: number; takes?: number; lifetime?: number }): Promise<Caller> {
  const { calls = 5, takes = 300, lifetime = 5 } = how;
  const url = (port: number): string => `redis://127.0.0.1:${port}`;
  const child = spawn(
    process.execPath,
    [
      '--import',
      'tsx',
      'test/functions/lock-child.ts',
      url(server.port),
      ...[calls, takes, lifetime].map(String),
    ],
    {
      cwd: repository,
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, COUNTER: url(counting.port) },
    },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const said: Said[] = [];
  const waiting = new Set<() => void>();
  createInterface({ input: child.stdout! }).on('line', (line) => {
    said.push(JSON.parse(line) as Said);
    for (const look of waiting) look();
  });
  const caller: Caller = {
    child,
    said,
    until: (matches) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = said.find(matches);
          if (!found) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
        child.once('exit', () => reject(new Error('the process has ended')));
      }),
    async call(key) {
      child.stdin?.write(`${key}\n`);
      const { results } = await caller.until((each) => each.key === key);
      if (!Array.isArray(results)) throw new Error(results);
      return results;
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
  callers.push(caller);
  await caller.until(({ ready }) => ready === true);
  return caller;
}

const runsOf = async (key: string): Promise<number> => Number(await counter.get(`runs:${key}`));

async function expectGrowingTokens(key: string): Promise<void> {
  const tokens = (await counter.lrange(`tokens:${key}`, 0, -1)).map(Number);
  expect(tokens.every(Number.isSafeInteger)).toBe(true);
  expect(tokens).toEqual([...new Set(tokens)].sort((one, other) => one - other));
}

test('three processes that call it 20 times each, all at once, run it once', async () => {
  const started = await Promise.all([1, 2, 3].map(() => startCaller({ calls: 20 })));
  for (const key of ['first', 'second', 'third']) {
    const results = await Promise.all(started.map((caller) => caller.call(key)));
    expect(results.flat()).toEqual(Array(60).fill(1));
    expect(await runsOf(key)).toBe(1);
  }
}, 120_000);

test('a holder that is killed costs the others the lifetime of its lock, and then one of them runs it', async () => {
  const [dies, ...others] = await Promise.all([
    startCaller({ takes: 600_000, lifetime: 2 }),
    startCaller({ lifetime: 2 }),
    startCaller({ lifetime: 2 }),
  ]);
  const dying = dies!.call('killed').catch(() => 'killed');
  await dies!.until(({ running }) => running === 'killed');
  const waiting = others.map((caller) => caller.call('killed'));
  await dies!.kill();
  expect(await dying).toBe('killed');
  expect((await Promise.all(waiting)).flat()).toEqual(Array(10).fill(2));
  expect(await runsOf('killed')).toBe(2);
  await expectGrowingTokens('killed');
}, 120_000);

test('a lock is kept for as long as it runs, however short its lifetime is', async () => {
  const started = await Promise.all([1, 2].map(() => startCaller({ takes: 4_000, lifetime: 1 })));
  const results = await Promise.all(started.map((caller) => caller.call('long')));
  expect(results.flat()).toEqual(Array(10).fill(1));
}, 120_000);

test('Redis is killed while they wait: every call is answered, and once it is back it is one run again', async () => {
  const started = await Promise.all([1, 2].map(() => startCaller({ takes: 1_000, lifetime: 2 })));
  const calls = started.map((caller) => caller.call('gone'));
  await Promise.race(started.map((caller) => caller.until(({ running }) => running === 'gone')));
  await server.kill();
  for (const result of (await Promise.all(calls)).flat()) expect(result).toBeGreaterThan(0);
  await server.start();
  let keys = 0;
  // Until the circuit breakers have closed again.
  await expect
    .poll(
      async () => {
        const key = `back ${keys++}`;
        await Promise.all(started.map((caller) => caller.call(key)));
        return runsOf(key);
      },
      { timeout: 60_000, interval: 500 },
    )
    .toBe(1);
}, 180_000);

test('whoever is killed at random moments, all others are answered, and no token comes twice', async () => {
  const random = seededRandom(17);
  let fleet = await Promise.all([1, 2, 3].map(() => startCaller({ takes: 200, lifetime: 1, calls: 3 })));
  for (let round = 0; round < 4; round++) {
    const key = `chaos ${round}`;
    const calls = fleet.map((caller) => caller.call(key).catch((): number[] => []));
    await Promise.race(fleet.map((caller) => caller.until(({ running }) => running === key)));
    const victim = fleet[Math.floor(random() * fleet.length)]!;
    await victim.kill();
    const answered = await Promise.all(calls);
    for (const [index, results] of answered.entries()) {
      if (fleet[index] !== victim) expect(new Set(results).size, `${key}: ${results}`).toBe(1);
    }
    expect(await runsOf(key)).toBeLessThanOrEqual(2);
    await expectGrowingTokens(key);
    fleet = [
      ...fleet.filter((caller) => caller !== victim),
      await startCaller({ takes: 200, lifetime: 1, calls: 3 }),
    ];
  }
}, 180_000);
