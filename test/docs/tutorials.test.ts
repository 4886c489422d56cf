import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { pack } from '../package/packed.js';
import { freePort } from '../support/free-port.js';
import { hasRedis } from '../support/redis.js';
import { removeDirectory } from '../support/remove-directory.js';
import { type Learner, startLearner, stepsOf } from './tutorial.js';

// Each command is a process of its own: a busy machine takes its time to start them.
vi.setConfig({ hookTimeout: 400_000, testTimeout: 400_000 });

let directory: string;
let tarball: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-tutorials-'));
  ({ tarball } = await pack(directory));
});
afterAll(() => removeDirectory(directory));

let learner: Learner | undefined;
afterEach(() => learner?.leave());

test('A blog on SQLite: every file and every command of the page does what it says', async () => {
  expect(stepsOf('docs/tutorials/sqlite-blog.md').length).toBeGreaterThan(8);
  learner = await startLearner(tarball, 'blog');
  await learner.takeAll('docs/tutorials/sqlite-blog.md');
});

test.skipIf(!hasRedis)('Two servers and a Redis (needs redis-server)', async () => {
  const ports = { 3001: await freePort(), 3002: await freePort(), 6379: await freePort() };
  learner = await startLearner(tarball, 'blog', { ports });
  // Where the first tutorial has led to, without what it shows on the way.
  const shown = ['npx payload generate:types', 'npx payload run src/page.ts', 'npx payload-kv doctor'];
  await learner.takeAll('docs/tutorials/sqlite-blog.md', shown);
  await learner.takeAll('docs/tutorials/two-servers-redis.md');
});

test('A Worker with D1 and KV, up to its deploy', async () => {
  learner = await startLearner(tarball, 'cloudflare', { keeps: true });
  const deploy = ['npx payload migrate', 'npx opennextjs-cloudflare', 'npx payload-kv doctor --remote'];
  await learner.takeAll('docs/tutorials/worker-d1-kv.md', deploy);
});

test('Pages without hooks: what init and doctor make of a hook', async () => {
  learner = await startLearner(tarball, 'blog');
  // A site with Next, without the hundreds of megabytes of it: what is built of one is in test/site/pages.test.ts.
  const dependencies = {
    '@payloadcms/db-sqlite': '3.90.2',
    graphql: '16.11.0',
    next: '16.4.6',
    payload: '3.90.2',
  };
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  for (const [file, text] of Object.entries({
    'package.json': json({ type: 'module', dependencies: { ...dependencies, 'payload-kv': '^0.1.0' } }),
    'tsconfig.json': json({ compilerOptions: { module: 'esnext', moduleResolution: 'bundler' } }),
    'next.config.mjs': 'export default {};\n',
    'node_modules/next/package.json': json({ name: 'next', version: '16.4.6' }),
  })) {
    await learner.take({ kind: 'file', file, text, place: file });
  }
  await learner.takeAll('docs/tutorials/pages-without-hooks.md', ['npm run build', 'npm start']);
});
