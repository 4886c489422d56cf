import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { escaped } from '../../demo/report.js';
import { widthOf } from '../../src/cli/terminal/terminal.js';
import { environmentOfAPerson } from '../package/packed.js';
import { removeDirectory } from '../support/remove-directory.js';
import { repository } from '../support/repository.js';
import { brokenTagOf } from './well-formed.js';

interface Summary {
  measurements: {
    store: string;
    api: string;
    coldDatabaseCallsPerView: number;
    hotDatabaseCallsPerView: number;
    hotStatementsPerView: number;
    hotKvCallsPerView: number;
    hot?: { hits: number; lookups: number };
    times: { databaseMs: number; p50: number; p95: number }[];
  }[];
  claims: { claim: string; holds: boolean }[];
}

test('The demo runs from beginning to end, and what it says about the cache is so', {
  timeout: 400_000,
}, async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-demo-'));
  const file = path.join(directory, 'summary.json');
  const report = path.join(directory, 'report.html');
  try {
    const tsx = path.join(repository, 'node_modules/.bin/tsx');
    const { all, stdout, exitCode } = await execa(
      tsx,
      ['demo/demo.ts', '--posts', '20', '--views', '20', '--json', file, '--report', report],
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
    for (const { store, coldDatabaseCallsPerView, hotDatabaseCallsPerView, ...measured } of measurements) {
      const { hot, hotStatementsPerView, hotKvCallsPerView, times } = measured;
      expect(times.map(({ databaseMs }) => databaseMs)).toEqual([10, 0]);
      for (const { p50, p95 } of times) {
        expect(p50).toBeGreaterThan(0);
        expect(p95).toBeGreaterThanOrEqual(p50);
      }
      expect(hotKvCallsPerView > 0).toBe(store === 'cloudflareKV');
      if (store === 'none') {
        // A page reads one thing after the other: each of them waits.
        expect(times[0]?.p50).toBeGreaterThan(20);
        expect(hotDatabaseCallsPerView).toBeGreaterThan(3);
        expect(hotDatabaseCallsPerView).toBeCloseTo(coldDatabaseCallsPerView, -1);
      } else {
        expect(hotDatabaseCallsPerView).toBe(0);
        expect(hotStatementsPerView).toBe(0);
        expect(hot?.lookups).toBeGreaterThan(0);
        expect(hot?.hits).toBe(hot?.lookups);
      }
    }

    // The reader sees the result, then the diff of init and what doctor and sync say, and the picture last.
    const order = [
      /^\nResult\n\nThe cache saves \d+\.\d of \d+\.\d database calls per page view\./,
      /^Database calls per page view$/m,
      /^ +Local API +Cloudflare KV /m,
      /^Milliseconds per page view/m,
      /^ +read by +cached in +database 10 ms away +database here, 0 ms$/m,
      /assumed/,
      /developers\.cloudflare\.com/,
      /^ {4}\+ +plugins: \[cache\],$/m,
      /"binding": "PAYLOAD_CACHE"/,
      /npm run demo -- --diff$/m,
      /17 of 17 checks/,
      /series/,
      /^ {2}before +no cache +█{36} \d/m,
      /^ {2}after +Cloudflare KV +░+ 0\.0/m,
      /^✓ \d+ claims/m,
    ];
    const places = order.map((text) => stdout.search(text));
    expect(places, stdout).not.toContain(-1);
    expect(places, stdout).toEqual([...places].sort((one, other) => one - other));
    expect(all).toContain('payload-kv/index');
    // Shortened: nothing of the files that init makes.
    expect(stdout).not.toContain('payloadKV<Config>');
    const lines = stdout.split('\n');
    expect(lines.filter((line) => line !== report && widthOf(line) > 80)).toEqual([]);
    expect(stdout).not.toContain('\u001b');

    expect(lines.at(-1)).toBe(report);
    const html = await readFile(report, 'utf8');
    expect(brokenTagOf(html)).toBeUndefined();
    expect(html).toContain('Cloudflare KV');
    // The report has the diff whole.
    expect(html).toContain('payloadKV&#60;Config&#62;');
    for (const { claim } of claims) expect(html).toContain(escaped(claim));
  } finally {
    await removeDirectory(directory);
  }
});
