import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { supportedPayload } from '../../src/cli/package-files.js';
import { RECOMMENDED_PAYLOAD } from '../../src/doctor/payload-upgrade.js';
import { compareVersions, inRange } from '../../src/version.js';
import { isRegistryReachable } from '../support/package-registry.js';
import { repository } from '../support/repository.js';

/**
 * The cache on older Payloads: the oldest that `peerDependencies` allows, and some between it and the one that all the
 * other tests run on. Each has a directory here with its lock file; it is installed once into a cache outside of the
 * repository, `PAYLOAD_VERSIONS` or `~/.cache/payload-kv/payload-versions`.
 */
const VERSIONS = readdirSync(import.meta.dirname)
  .filter((name) => existsSync(path.join(import.meta.dirname, name, 'package-lock.json')))
  .sort(compareVersions);

/** What is run on each, in one process: three generated sites, the blog, two sites interleaved, writes on stale reads, users. */
const FILES = [
  'test/differential/sqlite.test.ts',
  'test/differential/fixtures.test.ts',
  'test/interleaving/write.test.ts',
  'test/interleaving/transaction.test.ts',
  'test/runtime/write-operation.test.ts',
  'test/runtime/drafts.test.ts',
  'test/runtime/without-secrets.test.ts',
];
/** Sites 0, 6 and 9 have nothing that some version lacks, such as joins of several collections. */
const TESTS = [
  'generated site 1:[069]$',
  'the blog on SQLite are the same',
  'interleaved with the memory registry(?! on PostgreSQL)',
  'on sqlite, ',
  'on sqlite-transactions, ',
  '^a draft ',
  '^users without secrets, ',
].join('|');

const isReachable = await isRegistryReachable();

/** Installs a version, unless it is there; returns its directory. */
async function installed(version: string): Promise<string> {
  const source = path.join(import.meta.dirname, version);
  const lock = readFileSync(path.join(source, 'package-lock.json'));
  const cache =
    process.env.PAYLOAD_VERSIONS ??
    path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'payload-kv/payload-versions');
  const directory = path.join(
    cache,
    `${version}-${createHash('sha256').update(lock).digest('hex').slice(0, 12)}`,
  );
  if (existsSync(directory)) return directory;
  // Beside it first: an installation that was broken off is none.
  const unfinished = `${directory}-${process.pid}`;
  mkdirSync(cache, { recursive: true });
  cpSync(source, unfinished, { recursive: true });
  try {
    await execa('npm', ['ci', '--prefer-offline'], { cwd: unfinished });
    renameSync(unfinished, directory);
  } finally {
    rmSync(unfinished, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
  return directory;
}

test('the versions begin with the oldest that is supported, and end below the newest, which all other tests run on', () => {
  const { devDependencies } = JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8')) as {
    devDependencies: { payload: string };
  };
  expect(supportedPayload()).toBe(`>=${VERSIONS[0]} <4`);
  expect(VERSIONS.length).toBeGreaterThanOrEqual(3);
  for (const version of VERSIONS) expect(inRange(version, `<${devDependencies.payload}`)).toBe(true);
});

test('who has an older one is told to go to the one that the D1 adapter runs on here', () => {
  const fixture = readFileSync(path.join(repository, 'fixtures/cloudflare/package.json'), 'utf8');
  const { dependencies } = JSON.parse(fixture) as { dependencies: Record<string, string> };
  expect(dependencies).toMatchObject({
    payload: RECOMMENDED_PAYLOAD,
    '@payloadcms/db-d1-sqlite': RECOMMENDED_PAYLOAD,
  });
});

test.each(VERSIONS)(
  'the lock file of Payload %s names no registry, and one version for all of its packages',
  (version) => {
    const text = readFileSync(path.join(import.meta.dirname, version, 'package-lock.json'), 'utf8');
    const { packages } = JSON.parse(text) as {
      packages: Record<string, { version?: string; resolved?: string }>;
    };
    expect(Object.values(packages).filter(({ resolved }) => resolved)).toEqual([]);
    const own = Object.entries(packages).filter(([name]) =>
      /node_modules\/(payload|@payloadcms\/[^/]+)$/.test(name),
    );
    expect(new Set(own.map(([, it]) => it.version))).toEqual(new Set([version]));
  },
);

describe.skipIf(!isReachable)(isReachable ? 'the cache' : 'the registry cannot be reached: the cache', () => {
  test.each(VERSIONS)(
    'is right on Payload %s',
    async (version) => {
      const { exitCode, stdout, stderr } = await execa(
        process.execPath,
        [path.join(repository, 'node_modules/vitest/vitest.mjs'), 'run', ...FILES, '-t', TESTS],
        {
          cwd: repository,
          env: {
            NO_COLOR: '1',
            PAYLOAD_DIRECTORY: await installed(version),
            DIFFERENTIAL_STEPS: '0.05',
            DIFFERENTIAL_SHRINKING: '0',
          },
          reject: false,
        },
      );
      const passed = Number(/Tests\s.*?(\d+) passed/.exec(stdout)?.[1] ?? 0);
      expect(`${stdout}\n${stderr}`.slice(exitCode === 0 ? -1_000 : -8_000)).toMatch(/Tests {2}\d+ passed/);
      expect(exitCode).toBe(0);
      expect(passed, 'a filter that finds nothing proves nothing').toBeGreaterThan(60);
    },
    600_000,
  );
});
