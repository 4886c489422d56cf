import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { execa, execaNode } from 'execa';
import { Miniflare } from 'miniflare';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { removeDirectory } from '../support/remove-directory.js';
import { repository } from '../support/repository.js';

/** A service that has this package and nothing else: neither Payload nor ioredis can be found from there. */
let service: string;
beforeAll(async () => {
  service = await mkdtemp(join(tmpdir(), 'payload-kv-service-'));
  const installed = join(service, 'node_modules/payload-kv');
  await mkdir(installed, { recursive: true });
  await cp(join(repository, 'dist'), join(installed, 'dist'), { recursive: true });
  await cp(join(repository, 'package.json'), join(installed, 'package.json'));
  await writeFile(join(service, 'package.json'), '{ "type": "module" }');
});
afterAll(() => removeDirectory(service));

async function printed(name: string, text: string, env: Record<string, string> = {}): Promise<unknown> {
  const file = join(service, name);
  await writeFile(file, text);
  const { stdout } = await execaNode(file, { cwd: service, env, extendEnv: false });
  return JSON.parse(stdout);
}

test('it runs in Node', async () => {
  const text = `import { createCache } from 'payload-kv/cache';
    const payload = await import('payload').catch(({ code }) => code);
    const cache = createCache({ ttl: '5m' });
    await cache.set('a', 1);
    let runs = 0;
    const call = () => cache.cached(() => ++runs, { key: ['f'] });
    const found = [await cache.get('a'), await call(), await call()];
    await cache.close();
    console.log(JSON.stringify([payload, ...found]));`;
  expect(await printed('service.mjs', text)).toEqual(['ERR_MODULE_NOT_FOUND', { value: 1 }, 1, 1]);
});

test('it says that ioredis is missing, and goes on', async () => {
  const text = `import { createCache } from 'payload-kv/cache';
    const said = [];
    const cache = createCache({ logger: { warn: (message) => said.push(message) } });
    const result = await cache.cached(() => 5, { key: ['f'] });
    const { provider, connected } = await cache.getStats();
    console.log(JSON.stringify({ said: said.join(' '), result, provider, connected }));
    process.exit();`;
  expect(await printed('redis.mjs', text, { REDIS_HOST: 'cache', REDIS_PASSWORD: 'hidden' })).toEqual({
    said: expect.stringMatching(/^(?!.*hidden).*REDIS_CLIENT_MISSING.*npm install ioredis/),
    result: 5,
    provider: 'memory over redis',
    connected: false,
  });
});

test('a script that has used it ends by itself', async () => {
  const text = `import { createCache } from 'payload-kv/cache';
    const cache = createCache();
    await cache.set('a', 1);
    console.log(JSON.stringify(await cache.get('a')));`;
  expect(await printed('ends.mjs', text)).toEqual({ value: 1 });
});

test('it runs in workerd, each request on its own', async () => {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: `import { createCache } from 'payload-kv/cache';
        const cache = createCache({ prefix: 'w' });
        let runs = 0;
        export default {
          async fetch(request) {
            const { pathname } = new URL(request.url);
            if (pathname === '/set') await cache.set('a', 1);
            const result = await cache.cached(() => ++runs, { key: ['f'] });
            return Response.json({ found: await cache.get('a'), result, stats: await cache.getStats() });
          },
        };`,
      resolveDir: service,
    },
    bundle: true,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*', 'cloudflare:*', 'ioredis'],
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  expect(
    Object.keys(metafile.inputs).filter((input) => /node_modules\/(?!payload-kv\/)/.test(input)),
  ).toEqual([]);
  const miniflare = new Miniflare({
    modules: [{ type: 'ESModule', path: 'worker.js', contents: outputFiles[0]?.text ?? '' }],
    compatibilityDate: '2026-04-01',
    compatibilityFlags: ['nodejs_compat'],
    // A connection there belongs to one request: the variable is not for it.
    bindings: { REDIS_URL: 'redis://127.0.0.1:1' },
  });
  const ask = async (path: string) => (await miniflare.dispatchFetch(`http://worker.test${path}`)).json();
  try {
    expect(await ask('/')).toMatchObject({ result: 1, stats: { provider: 'memory', connected: true } });
    expect(await ask('/set')).toMatchObject({ result: 1, found: { value: 1 } });
    expect(await ask('/')).toMatchObject({
      result: 1,
      found: { value: 1 },
      stats: { keys: 2 },
    });
  } finally {
    await miniflare.dispose();
  }
});

describe('its types', () => {
  const check = async (skipLibCheck: boolean): Promise<string> => {
    const options = {
      module: 'NodeNext',
      target: 'ES2022',
      lib: ['ES2023', 'DOM'],
      types: [],
      strict: true,
      noEmit: true,
    };
    await writeFile(
      join(service, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...options, skipLibCheck }, files: ['service.ts'] }),
    );
    await writeFile(
      join(service, 'service.ts'),
      `import { createCache } from 'payload-kv/cache';
       const cache = createCache({ ttl: '5m', whileAway: false });
       export const price: Promise<number> = cache.cached(async ({ tag }) => (tag('a'), 5), { key: ['a'] });
       // @ts-expect-error
       createCache({ ttl: [] });
       // @ts-expect-error
       export const wrong: Promise<string> = cache.cached(() => 5, { key: ['a'] });`,
    );
    const tsc = join(repository, 'node_modules/.bin/tsc');
    const { stdout } = await execa(tsc, ['-p', service], { cwd: service, reject: false });
    return stdout;
  };

  test('are there without those of Payload', async () => {
    expect(await check(true)).toBe('');
  });

  test('name nothing that is missing but Payload, where libraries are checked', async () => {
    const faults = (await check(false)).split('\n').filter((line) => /error TS/.test(line));
    expect(faults.filter((line) => !/Cannot find module 'payload'/.test(line))).toEqual([]);
  });
});
