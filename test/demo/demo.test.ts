import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { environmentOfAPerson } from '../package/packed.js';
import { removeDirectory } from '../support/remove-directory.js';
import { repository } from '../support/repository.js';

interface Summary {
  measurements: {
    store: string;
    api: string;
    coldDatabaseCallsPerView: number;
    hotDatabaseCallsPerView: number;
    p50: number;
    hitRate?: number;
  }[];
  claims: { claim: string; holds: boolean }[];
}

test('The demo runs from beginning to end, and what it says about the cache is so', {
  timeout: 400_000,
}, async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-demo-'));
  const file = path.join(directory, 'summary.json');
  try {
    const tsx = path.join(repository, 'node_modules/.bin/tsx');
    const { all, exitCode } = await execa(
      tsx,
      ['demo/demo.ts', '--posts', '20', '--views', '30', '--json', file],
      {
        cwd: repository,
        all: true,
        stdin: 'ignore',
        reject: false,
        env: environmentOfAPerson(),
        extendEnv: false,
      },
    );
    expect(exitCode, all).toBe(0);

    const { measurements, claims } = JSON.parse(await readFile(file, 'utf8')) as Summary;
    expect(claims.filter(({ holds }) => !holds)).toEqual([]);
    expect(claims.length).toBeGreaterThan(15);
    expect(measurements.map(({ store, api }) => `${store} ${api}`).sort()).toEqual(
      ['cloudflareKV', 'memory', 'none'].flatMap((store) => [`${store} local`, `${store} rest`]).sort(),
    );
    for (const { store, coldDatabaseCallsPerView, hotDatabaseCallsPerView, hitRate, p50 } of measurements) {
      expect(p50).toBeGreaterThan(0);
      if (store === 'none') {
        expect(hotDatabaseCallsPerView).toBeGreaterThan(3);
        expect(hotDatabaseCallsPerView).toBeCloseTo(coldDatabaseCallsPerView, -1);
      } else {
        expect(hotDatabaseCallsPerView).toBe(0);
        expect(hitRate).toBe(1);
      }
    }

    // The reader sees the diff of init, the table, and what sync and doctor say.
    expect(all).toContain('+++ ');
    expect(all).toContain('payloadKV');
    expect(all).toMatch(/Local API +Cloudflare KV/);
    expect(all).toContain('series');
    expect(all).toContain('✓');
  } finally {
    await removeDirectory(directory);
  }
});
