import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.js';
import { payloadFrom } from './test/support/payload-directory.js';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Files that one process runs one after the other, so that it loads Payload, or the compiler, once. Those that change the
 * process itself, its environment or its globals, keep to one of their own.
 */
const SHARING = [
  // A signal that these tell themselves is heard by whatever others have loaded.
  'test/cli/!(site-watch|warm).test.ts',
  'test/{apply,doctor,fault,functions,inspect,interleaving,nestjs,observe,plan,registries}/*.test.ts',
  'test/docs/!(snippets).test.ts',
  'test/runtime/!(binding|single-flight).test.ts',
  'test/runtime/next/*.test.ts',
  'test/stores/!(cloudflare-kv-rest|keyv|memory).test.ts',
];
const WORKER = 'test/worker/*.test.ts';
const NO_TESTS = [
  '**/node_modules/**',
  'test/**/input*/**',
  'test/**/output*/**',
  'test/inspect/projects/**',
];

const { PAYLOAD_DIRECTORY } = process.env;

export default defineConfig({
  plugins: PAYLOAD_DIRECTORY ? [payloadFrom(PAYLOAD_DIRECTORY)] : [],
  resolve: {
    // Tests in this process use the source; those that run the package as a user does use dist.
    alias: [
      { find: /^payload-kv\/cache$/, replacement: source('src/runtime/cache.ts') },
      // TypeScript's parser as it is published, cut out by the build.
      { find: /^\.{1,2}\/(?:.*\/)?typescript\.js$/, replacement: source('dist/inspect/typescript.js') },
      { find: /^payload-kv\/cloudflare$/, replacement: source('src/runtime/cloudflare.ts') },
      { find: /^payload-kv\/decorators$/, replacement: source('src/runtime/decorators.ts') },
      { find: /^payload-kv\/msgpack$/, replacement: source('src/runtime/msgpack.ts') },
      { find: /^payload-kv\/keyv$/, replacement: source('src/runtime/keyv.ts') },
      { find: /^payload-kv\/metrics$/, replacement: source('src/runtime/metrics.ts') },
      { find: /^payload-kv\/nestjs$/, replacement: source('src/runtime/nestjs.ts') },
      { find: /^payload-kv\/next$/, replacement: source('src/runtime/next.ts') },
      { find: /^payload-kv\/responses$/, replacement: source('src/runtime/responses.ts') },
      { find: /^payload-kv\/redis$/, replacement: source('src/runtime/redis.ts') },
      { find: /^payload-kv$/, replacement: source('src/runtime/index.ts') },
    ],
  },
  test: {
    // Two busy processors answer later than a server; tests of timeouts take the variable out.
    env: { PAYLOAD_KV_TIMEOUT: '30000' },
    globalSetup: ['test/support/build.ts'],
    setupFiles: ['whole-waits.ts', 'unsynced-sqlite.mjs', 'quick-passwords.mjs'].map(
      (file) => `test/support/${file}`,
    ),
    pool: 'forks',
    // Payload leaves much behind at once: with more room for it, collecting it takes half as long.
    execArgv: ['--max-semi-space-size=64'],
    // Payload, workerd and tsc share the machine with the tests.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: { name: 'apart', include: ['test/**/*.test.ts'], exclude: [...NO_TESTS, ...SHARING, WORKER] },
      },
      // Takes half an hour, and is asked for by its name.
      ...(process.env.npm_lifecycle_event === 'test:worker'
        ? [{ extends: true as const, test: { name: 'worker', include: [WORKER] } }]
        : []),
      {
        extends: true,
        test: {
          name: 'sharing',
          isolate: false,
          include: SHARING,
          exclude: NO_TESTS,
          setupFiles: ['test/support/leave-nothing.ts'],
        },
      },
    ],
  },
});
