/**
 * A site with another plugin's cache, from that cache to ours and back: its types, and Payload itself, at each step. The
 * plugin is a stand-in of the same name and options, since the registry that tests reach does not have the real one.
 */
import { execa } from 'execa';
import { afterEach, expect, test, vi } from 'vitest';
import { readTree } from '../cli/command.js';
import { runCli } from '../support/cli.js';
import { copyFixture, type ProjectCopy } from '../support/project.js';
import { hasRedis, startRedis } from '../support/redis.js';
import { typescript } from '../support/typescript-loader.js';

vi.setConfig({ testTimeout: 400_000 });

let project: ProjectCopy;
afterEach(() => project?.remove());

const MODULE = `/** Keeps what \`find\` answers, by what was asked; a write of the collection takes all of it away. */
export const redisCache = (options) => (config) => ({
  ...config,
  onInit: async (payload) => {
    await config.onInit?.(payload);
    const { Redis } = await import('ioredis');
    const redis = new Redis(options.redis.url, { lazyConnect: true });
    const { find } = payload.db;
    payload.db.find = async (args) => {
      if (!options.collections?.[args.collection]) return find.call(payload.db, args);
      const key = JSON.stringify([args.collection, args.where, args.limit]);
      const kept = await redis.get(key);
      if (kept) return JSON.parse(kept);
      const found = await find.call(payload.db, args);
      await redis.setex(key, options.defaultCacheOptions?.ttl ?? 300, JSON.stringify(found));
      return found;
    };
    const { destroy } = payload.db;
    payload.db.destroy = async () => {
      redis.disconnect();
      await destroy?.call(payload.db);
    };
  },
});
`;
const TYPES = `import type { CollectionSlug, GlobalSlug, Plugin } from 'payload';

interface Options {
  skip?: boolean;
  ttl?: number;
}
export declare const redisCache: (options: {
  redis: { url: string };
  collections?: Partial<Record<CollectionSlug, Options | true>>;
  globals?: Partial<Record<GlobalSlug, Options | true>>;
  debug?: boolean;
  defaultCacheOptions?: { keyPrefix?: string; ttl?: number };
}) => Plugin;
`;
const MANIFEST = {
  name: 'payloadcms-redis-plugin',
  version: '0.2.17',
  type: 'module',
  exports: { '.': { types: './index.d.ts', default: './index.js' } },
};

test.runIf(hasRedis)('a blog with payloadcms-redis-plugin', async () => {
  const server = await startRedis();
  try {
    project = await copyFixture('blog');
    const home = 'node_modules/payloadcms-redis-plugin';
    await project.write(`${home}/package.json`, JSON.stringify(MANIFEST));
    await project.write(`${home}/index.js`, MODULE);
    await project.write(`${home}/index.d.ts`, TYPES);
    await project.replace(
      'src/payload.config.ts',
      "import { buildConfig } from 'payload';",
      "import { buildConfig } from 'payload';\nimport { redisCache } from 'payloadcms-redis-plugin';",
    );
    await project.replace(
      'src/payload.config.ts',
      '  secret:',
      `  plugins: [
    // Reads come from Redis.
    redisCache({
      redis: { url: process.env.REDIS_URL! },
      collections: { posts: { ttl: 600 }, authors: true, users: { skip: true } },
      globals: { header: true },
      defaultCacheOptions: { keyPrefix: 'blog', ttl: 120 },
    }),
  ],
  secret:`,
    );
    await project.replace(
      'package.json',
      '"dependencies": {',
      '"dependencies": {\n    "payloadcms-redis-plugin": "0.2.17",',
    );
    const works = async () => {
      await succeeds('tsc', '--noEmit', '--checkers', '1', '-p', '.');
      return succeeds(process.execPath, ...typescript, 'src/start.ts');
    };
    const keys = async () => (await server.connect().keys('*')).sort();
    const succeeds = async (executable: string, ...args: string[]) => {
      const result = await execa(executable, args, {
        cwd: project.dir,
        preferLocal: true,
        env: {
          NODE_ENV: undefined,
          VITEST: undefined,
          NO_COLOR: '1',
          REDIS_URL: `redis://127.0.0.1:${server.port}`,
        },
        reject: false,
        all: true,
      });
      if (result.exitCode !== 0) throw new Error(`${executable} ${args.join(' ')} failed:\n${result.all}`);
      return result.all;
    };
    const before = await readTree(project.dir);
    expect(await works()).toContain('posts: 0');
    const theirs = await keys();
    expect(theirs.some((key) => key.startsWith('["posts"'))).toBe(true);

    const { exitCode, stdout, stderr } = await runCli(['init', '--from-plugin', '--yes', '--no-install'], {
      cwd: project.dir,
    });
    expect(exitCode, stdout + stderr).toBe(0);
    const config = await project.read('src/payload.config.ts');
    expect(config).toContain('  plugins: [\n    // Reads come from Redis.\n    cache,\n  ],\n');
    expect(config).not.toContain('redisCache');
    expect(stdout).toContain('npm uninstall payloadcms-redis-plugin');
    expect(await works()).toContain('posts: 0');
    const ours = (await keys()).filter((key) => !theirs.includes(key));
    expect(ours.length).toBeGreaterThan(0);
    expect(ours.every((key) => key.startsWith('blog:payload-cache:'))).toBe(true);

    expect((await runCli(['remove', '--yes', '--no-install'], { cwd: project.dir })).exitCode).toBe(0);
    const after = await readTree(project.dir);
    for (const file of Object.keys(after)) if (/\.db(-\w+)?$/.test(file)) delete after[file];
    for (const file of Object.keys(before)) if (/\.db(-\w+)?$/.test(file)) delete before[file];
    expect(after).toEqual(before);
    expect(await works()).toContain('posts: 0');
  } finally {
    await server.stop();
  }
});
