import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    // Tests in this process use the source; those that run the package as a user does use dist.
    alias: [
      { find: /^payload-kv\/cloudflare$/, replacement: source('src/runtime/cloudflare.ts') },
      { find: /^payload-kv\/msgpack$/, replacement: source('src/runtime/msgpack.ts') },
      { find: /^payload-kv\/keyv$/, replacement: source('src/runtime/keyv.ts') },
      { find: /^payload-kv\/redis$/, replacement: source('src/runtime/redis.ts') },
      { find: /^payload-kv$/, replacement: source('src/runtime/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/**/input*/**', 'test/**/output*/**', 'test/inspect/projects/**'],
    // Two busy processors answer later than a server; tests of timeouts take the variable out.
    env: { PAYLOAD_KV_TIMEOUT: '30000' },
    globalSetup: ['test/support/build.ts'],
    pool: 'forks',
    // Payload, workerd and tsc share the machine with the tests.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
