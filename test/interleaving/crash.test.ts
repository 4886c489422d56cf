import { spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memoryRegistry, payloadKV, settleCache } from '../../src/runtime/index.js';
import { type Clock, takeClock } from '../support/clock.js';
import { type Started, startBlog } from '../support/payload.js';
import { removeDirectory } from '../support/remove-directory.js';
import { repository } from '../support/repository.js';
import { BACKENDS, type Backend, type Shared } from './backends.js';
import type { Place } from './gates.js';

/** How long an entry is served, in seconds. */
const TTL = 600;

type Database = 'sqlite' | 'sqlite-transactions';

let clock: Clock;
let directory: string;
beforeAll(async () => {
  clock = takeClock();
  directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-crash-'));
});
afterAll(async () => {
  clock?.stop();
  await removeDirectory(directory);
});

async function startSite(url: string, db: Database, shared: ReturnType<Shared['join']>): Promise<Started> {
  return startBlog({ url, db, plugins: [payloadKV({ ...shared, ttl: TTL, timeout: 30_000 })] });
}

async function nameOf({ payload }: Started, cache?: 'bypass'): Promise<unknown> {
  const context = cache ? { cache } : {};
  const { docs } = await payload.find({ collection: 'authors', limit: 1, depth: 0, context });
  await settleCache(payload, 20_000);
  return docs[0]?.name;
}

/** Renames the author in a process of its own, which is killed when it comes to the place. */
async function crash(
  url: string,
  db: Database,
  registry: 'database' | 'elsewhere',
  place: Place,
  name: string,
): Promise<void> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'test/interleaving/crash-child.ts', url, db, registry, place, name],
    { cwd: repository, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    child.once('exit', (_code, signal) => resolve(signal)),
  );
  let output = '';
  const isThere = new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += String(chunk);
        if (output.includes('at the gate\n')) resolve();
      });
    }
    child.once('exit', () => reject(new Error(`the process ended by itself: ${output}`)));
  });
  try {
    await isThere;
  } finally {
    child.kill('SIGKILL');
  }
  expect(await ended).toBe('SIGKILL');
}

describe('a process that is killed between its write and the replacement', () => {
  // The first one makes the author, so that the memory registry, which comes last, has seen no write before the crash.
  const backends = BACKENDS.filter(({ name }) => name !== 'database').reverse();
  const shared = new Map<Backend, Shared>();
  const before = new Map<Backend, Started>();
  const after = new Map<Backend, Started>();
  let url: string;

  beforeAll(async () => {
    url = `file:${path.join(directory, 'elsewhere.db')}`;
    for (const backend of backends) {
      if (backend.missing) continue;
      const common = await backend.start();
      shared.set(backend, common);
      const site = await startSite(url, 'sqlite', common.join());
      before.set(backend, site);
      if (before.size === 1) await site.payload.create({ collection: 'authors', data: { name: 'old' } });
      expect(await nameOf(site)).toBe('old');
    }
    await crash(url, 'sqlite', 'elsewhere', 'before replace', 'new');
    for (const [backend, common] of shared) {
      const { store, registry } = common.join();
      // A process that starts anew has lost what its memory held, the store may have not.
      const own = backend.name === 'memory' ? memoryRegistry() : registry;
      after.set(backend, await startSite(url, 'sqlite', { store, registry: own }));
    }
  }, 240_000);
  afterAll(async () => {
    for (const site of [...before.values(), ...after.values()]) await site.stop();
    for (const common of shared.values()) await common.stop();
  });

  const siteOf = (backend: Backend): Started => after.get(backend) as Started;

  test('has written', async () => {
    for (const site of after.values()) expect(await nameOf(site, 'bypass')).toBe('new');
  });

  for (const backend of backends) {
    if (backend.name === 'memory') {
      test('with the memory registry: nothing from before is served by the process after it', async () => {
        expect(await nameOf(siteOf(backend))).toBe('new');
      });
      continue;
    }
    const reason = backend.missing ? ` (${backend.missing})` : '';
    test.skipIf(backend.missing)(
      `with the ${backend.name} registry: the old is served for an entry's TTL at most${reason}`,
      async () => {
        // Nobody knows of the write: that is the price of versions outside the database.
        expect(await nameOf(siteOf(backend))).toBe('old');
        const realTime = Date.now();
        clock.advance(TTL);
        try {
          expect(Date.now() - realTime).toBeGreaterThanOrEqual(TTL * 1_000);
          for (const site of [siteOf(backend), before.get(backend) as Started]) {
            expect(await nameOf(site)).toBe('new');
          }
        } finally {
          clock.advance(-TTL);
        }
      },
    );
  }
});

describe('a process that is killed while it commits, with the database registry', () => {
  let url: string;
  let common: Shared;
  let site: Started;
  let other: Started;

  beforeAll(async () => {
    url = `file:${path.join(directory, 'database.db')}`;
    const backend = BACKENDS.find(({ name }) => name === 'database') as Backend;
    common = await backend.start();
    site = await startSite(url, 'sqlite-transactions', common.join());
    other = await startSite(url, 'sqlite-transactions', common.join());
    await site.payload.create({ collection: 'authors', data: { name: 'first' } });
  });
  afterAll(async () => {
    await site?.stop();
    await other?.stop();
    await common?.stop();
  });

  test.each([
    ['before it replaces', 'before replace', false],
    ['between replacement and commit', 'before commitTransaction', false],
    ['right after its commit', 'after commitTransaction', true],
  ] as const)('%s leaves nothing stale', async (how, place, isCommitted) => {
    const old = await nameOf(site, 'bypass');
    for (const each of [site, other]) expect(await nameOf(each)).toBe(old);
    await crash(url, 'sqlite-transactions', 'database', place, how);
    const now = isCommitted ? how : old;
    for (const each of [site, other, site, other]) {
      expect(await nameOf(each)).toBe(now);
      expect(await nameOf(each, 'bypass')).toBe(now);
    }
  });

  test('is bound by the TTL on an adapter without transactions', async () => {
    const old = await nameOf(site, 'bypass');
    expect(await nameOf(site)).toBe(old);
    await crash(url, 'sqlite', 'database', 'before replace', 'without a transaction');
    expect(await nameOf(site)).toBe(old);
    clock.advance(TTL);
    expect(await nameOf(site)).toBe('without a transaction');
  });
});
