import { mkdir, mkdtemp, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type BuildOptions, type BuildResult, build } from 'esbuild';
import { execaNode } from 'execa';
import { Miniflare } from 'miniflare';
import { beforeAll, expect, test } from 'vitest';
import { removeDirectory } from '../support/remove-directory.js';
import { repository } from '../support/repository.js';

/**
 * Minified and compressed, in bytes: everything there is, and what a site takes of it. A Worker has 3 MB in all on the
 * free plan, and every byte delays its start.
 */
const BUDGET = {
  everything: 69_510,
  siteOnKV: 35_920,
  siteOnDurableObjects: 38_210,
  siteOnDatabase: 37_950,
  functions: 43_540,
  decorators: 49_780,
  responses: 50_820,
  standalone: 49_480,
  nestjs: 61_830,
};

let bundle: BuildResult<{ metafile: true; write: false }>;
let script: string;

/** As a user's bundler would. */
function bundleOf(contents: string) {
  return build(optionsOf(contents));
}

function optionsOf(contents: string) {
  return {
    stdin: { contents, resolveDir: repository },
    absWorkingDir: repository,
    bundle: true,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    // A site that gives its own client has it anyway.
    external: ['node:*', 'cloudflare:*', 'ioredis', 'next/*', 'payload', '@nestjs/*', 'rxjs'],
    minify: true,
    metafile: true,
    // Without this repository's aliases: as a user's bundler sees the package.
    tsconfigRaw: {},
    write: false,
    logLevel: 'silent',
  } satisfies BuildOptions;
}

beforeAll(async () => {
  bundle = await bundleOf(`
        import * as main from 'payload-kv';
        import * as cloudflare from 'payload-kv/cloudflare';
        import * as keyv from 'payload-kv/keyv';
        import * as next from 'payload-kv/next';
        import * as redis from 'payload-kv/redis';
        export { main, cloudflare, keyv, next, redis };
        export default {
          async fetch() {
            const names = (module) => Object.keys(module).sort();
            const all = { main, cloudflare, keyv, next, redis };
            return Response.json(Object.fromEntries(Object.entries(all).map(([name, module]) => [name, names(module)])));
          },
        };`);
  script = bundle.outputFiles[0]?.text ?? '';
});

test('Nothing of the command line is reachable from the runtime', () => {
  const inputs = Object.keys(bundle.metafile.inputs).filter((input) => input !== '<stdin>');
  expect(inputs).toContain('dist/runtime/index.js');
  const shipped =
    /^(dist\/(?:runtime|stores|registries|connections|interfaces|platform)\/|dist\/(?:errors|duration)\.js$)/;
  expect(inputs.filter((input) => !shipped.test(input))).toEqual([]);
});

test('The runtime stays within its size budget', () => {
  expect(gzipSync(script).length).toBeLessThan(BUDGET.everything);
});

test.each([
  [
    'siteOnKV',
    `export { payloadKV } from 'payload-kv';
     export { cloudflareKV } from 'payload-kv/cloudflare';`,
  ],
  [
    'siteOnDurableObjects',
    `export { payloadKV } from 'payload-kv';
     export { CacheTagRegistry, cloudflareKV, durableObjectRegistry } from 'payload-kv/cloudflare';`,
  ],
  [
    'siteOnDatabase',
    `export { databaseRegistry, payloadKV } from 'payload-kv';
     export { cloudflareKV } from 'payload-kv/cloudflare';`,
  ],
  [
    'functions',
    `export { cached, payloadKV } from 'payload-kv';
     export { cloudflareKV } from 'payload-kv/cloudflare';`,
  ],
  ['standalone', `export { createCache } from 'payload-kv/cache';`],
  ['nestjs', `export * from 'payload-kv/nestjs';`],
  [
    'decorators',
    `export { payloadKV } from 'payload-kv';
     export { cloudflareKV } from 'payload-kv/cloudflare';
     export { CacheEvict, CacheKey, Cached, CachePut } from 'payload-kv/decorators';`,
  ],
  [
    'responses',
    `export { payloadKV } from 'payload-kv';
     export { cloudflareKV } from 'payload-kv/cloudflare';
     export { withResponseCache } from 'payload-kv/responses';`,
  ],
] as const)('A site bundles no store and no registry that it does not name: %s', async (name, contents) => {
  const { outputFiles } = await bundleOf(contents);
  expect(gzipSync(outputFiles[0]?.text ?? '').length).toBeLessThan(BUDGET[name]);
});

test('A Worker with a cache of its own bundles nothing of Redis, installed or not, and runs', async () => {
  const contents = `import { createCache } from 'payload-kv/cache';
    import { cached, memory } from 'payload-kv';
    const cache = createCache({ prefix: 'a' });
    const given = createCache({ prefix: 'b', store: memory() });
    let runs = 0;
    const numbered = cache.memoize(async (name) => name + ++runs, { namespace: 'numbers' });
    const inGiven = () => cached(async () => ++runs, { key: ['given'], cache: given });
    export default {
      async fetch() {
        const answers = [await numbered('a'), await numbered('a'), await inGiven(), await inGiven()];
        return Response.json({ answers, provider: (await cache.getStats()).provider });
      },
    };`;
  // Nothing is left aside but what workerd has: ioredis is installed here, and needs what it has not by that name.
  const { outputFiles, metafile } = await build({
    ...optionsOf(contents),
    external: ['node:*'],
    metafile: true,
  });
  expect(Object.keys(metafile.inputs).filter((input) => /redis/.test(input))).toEqual([]);
  const miniflare = new Miniflare({
    modules: [{ type: 'ESModule', path: 'worker.js', contents: outputFiles[0]?.text ?? '' }],
    compatibilityDate: '2026-04-01',
    compatibilityFlags: ['nodejs_compat'],
    bindings: { REDIS_URL: 'redis://127.0.0.1:1' },
  });
  try {
    const response = await miniflare.dispatchFetch('http://worker.test/');
    expect(await response.json()).toEqual({ answers: ['a1', 'a1', 2, 2], provider: 'memory' });
  } finally {
    await miniflare.dispose();
  }
});

test('What Workers get in place of the cache exports the same', async () => {
  const [cache, ofWorkers] = await Promise.all([
    import('../../src/runtime/cache.js'),
    import('../../src/runtime/cache.workerd.js'),
  ]);
  expect(Object.keys(ofWorkers)).toEqual(Object.keys(cache));
});

test('An application of NestJS needs nothing beside what each of them has', async () => {
  const { metafile } = await bundleOf(`export * from 'payload-kv/nestjs';`);
  const [output] = Object.values(metafile.outputs);
  const imported = new Set(output?.imports.map(({ path }) => path));
  // What is asked for when a store of Redis is used.
  for (const path of imported) if (path.startsWith('node:') || path === 'ioredis') imported.delete(path);
  expect([...imported].sort()).toEqual(['@nestjs/common', '@nestjs/core', 'rxjs']);
});

test('The Durable Object needs nothing of Node: it may have a Worker of its own, without nodejs_compat', async () => {
  const { outputFiles } = await bundleOf(`export { CacheTagRegistry } from 'payload-kv/cloudflare';`);
  expect(outputFiles[0]?.text).toContain('class');
  expect(outputFiles[0]?.text).not.toMatch(/node:|\bBuffer\b|\bprocess\b/);
});

test('The bundle loads in workerd with nodejs_compat', async () => {
  const miniflare = new Miniflare({
    // Not as `script`: Miniflare would want to find the optional imports beforehand.
    modules: [{ type: 'ESModule', path: 'worker.js', contents: script }],
    compatibilityDate: '2026-04-01',
    compatibilityFlags: ['nodejs_compat'],
  });
  try {
    const response = await miniflare.dispatchFetch('http://worker.test/');
    expect(await response.json()).toEqual({
      main: expect.arrayContaining(['databaseRegistry', 'getCacheStats', 'memory', 'payloadKV']),
      cloudflare: expect.arrayContaining(['CacheTagRegistry', 'cloudflareKV', 'durableObjectRegistry']),
      keyv: ['keyv'],
      next: ['nextPages'],
      redis: expect.arrayContaining(['redis']),
    });
  } finally {
    await miniflare.dispose();
  }
});

/** A site of this package alone. Bundles it, runs it, and returns what it printed as JSON. */
async function printedBySite(contents: string): Promise<unknown> {
  const site = await mkdtemp(join(tmpdir(), 'payload-kv-bundle-'));
  try {
    await mkdir(join(site, 'node_modules/payload-kv'), { recursive: true });
    const install = (from: string, to: string) => symlink(join(repository, from), join(site, to));
    await install('dist', 'node_modules/payload-kv/dist');
    await install('package.json', 'node_modules/payload-kv/package.json');
    const { warnings } = await build({
      stdin: { contents, resolveDir: site },
      bundle: true,
      format: 'esm',
      platform: 'node',
      preserveSymlinks: true,
      tsconfigRaw: {},
      outfile: join(site, 'site.mjs'),
      logLevel: 'silent',
    });
    expect(warnings).toEqual([]);
    const { stdout } = await execaNode(join(site, 'site.mjs'), { cwd: site });
    return JSON.parse(stdout);
  } finally {
    await removeDirectory(site);
  }
}

test("What OpenNext takes into its config needs none of Node's modules but the one that it lets through", async () => {
  const { warnings } = await build({
    stdin: { contents: "export { default } from 'payload-kv/next/open-next';", resolveDir: repository },
    bundle: true,
    // As OpenNext compiles open-next.config.ts a second time, whatever runs it.
    platform: 'browser',
    conditions: ['worker', 'browser'],
    external: ['node:crypto'],
    tsconfigRaw: {},
    write: false,
    logLevel: 'silent',
  });
  expect(warnings).toEqual([]);
});

test('A site without ioredis can be bundled, and is told what it lacks when it needs it', async () => {
  const printed = await printedBySite(`import { redis } from 'payload-kv/redis';
    const store = redis({ url: 'redis://:secret@127.0.0.1:1' });
    await store.get('a').catch(({ code, message, nextStep }) => console.log(JSON.stringify({ code, message, nextStep })));`);
  expect(printed).toEqual({
    code: 'REDIS_CLIENT_MISSING',
    message: expect.stringContaining('ioredis'),
    nextStep: expect.stringContaining('npm install ioredis'),
  });
});

test('A site without the API of OpenTelemetry can be bundled, and is told what it lacks when it needs it', async () => {
  const printed = await printedBySite(`import { openTelemetry } from 'payload-kv/metrics';
    const carried = { warn: (message) => console.log(JSON.stringify(message)) };
    openTelemetry().attach({ [Symbol.for('payload-kv.instance')]: carried }, {});`);
  expect(printed).toContain('npm install @opentelemetry/api');
});
