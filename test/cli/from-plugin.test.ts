/** `init --from-plugin`: another plugin's cache around the adapter gives way to ours, and `remove` brings it back. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { twoCaches } from '../../src/doctor/checks/two-caches.js';
import { doctorContext } from '../../src/doctor/context.js';
import { inspectProject } from '../../src/inspect/project.js';
import { command, createProject, type Project } from './command.js';

const PACKAGE = `{
  "type": "module",
  "dependencies": {
    "payload": "3.90.2",
    "payloadcms-redis-plugin": "0.2.17"
  }
}
`;
const IMPORT = "import { redisCache } from 'payloadcms-redis-plugin'";
const PLAIN = `redisCache({
      redis: { url: process.env.REDIS_URL! },
      collections: { posts: true },
    })`;

/** A config with a list of plugins, and what stands above it. */
const config = (plugins: string, above = IMPORT) => `import { buildConfig } from 'payload'
${above}
import { db } from './db'
import { seo } from './seo'

export default buildConfig({
  collections: [
    { slug: 'posts', fields: [{ name: 'slug', type: 'text' }] },
    { slug: 'pages', fields: [] },
    { slug: 'users', auth: true, fields: [] },
  ],
  globals: [{ slug: 'header', fields: [] }],
  plugins: ${plugins},
  db,
})
`;
const SEO = 'export const seo = (config) => config\n';

let project: Project;
afterEach(() => project?.remove());

const site = (text: string, files: Record<string, string | undefined> = {}) =>
  createProject({
    'package.json': PACKAGE,
    'tsconfig.json': '{}\n',
    'src/payload.config.ts': text,
    'src/db.ts': 'export const db = undefined as never\n',
    'src/seo.ts': SEO,
    ...files,
  });
const run = (...args: string[]) => command([...args, '--no-install', '--cwd', project.dir]);
interface Said {
  notices: string[];
  nextSteps: string[];
  error?: { code: string; message: string; location?: { file: string; line?: number } };
}
const init = async (...args: string[]) => {
  const { exitCode, stdout, stderr } = await run('init', '--yes', '--json', '--from-plugin', ...args);
  return { exitCode, stderr, ...(JSON.parse(stdout) as Said) };
};
const read = (file: string) => readFile(path.join(project.dir, file), 'utf8');
const wrapper = () => read('src/payload-kv/index.ts');
const doctor = async () => twoCaches.run(await doctorContext(inspectProject({ cwd: project.dir })));

async function removed(before: Record<string, string>): Promise<void> {
  const outcome = await run('remove', '--yes');
  expect(outcome.exitCode, outcome.stdout + outcome.stderr).toBe(0);
  expect(await project.tree()).toEqual(before);
}

describe('the list of plugins', () => {
  test.each([
    ['alone', `[${PLAIN}]`, '[cache]'],
    ['alone on a line', `[\n    ${PLAIN},\n  ]`, '[\n    cache,\n  ]'],
    ['without a comma', `[\n    ${PLAIN}\n  ]`, '[\n    cache\n  ]'],
    ['first', `[\n    ${PLAIN},\n    seo,\n  ]`, '[\n    seo,\n    cache,\n  ]'],
    ['last', `[\n    seo,\n    ${PLAIN},\n  ]`, '[\n    seo,\n    cache,\n  ]'],
    ['last without a comma', `[\n    seo,\n    ${PLAIN}\n  ]`, '[\n    seo,\n    cache\n  ]'],
    ['in line', `[seo, ${PLAIN}]`, '[seo, cache]'],
    ['in line and first', `[${PLAIN}, seo]`, '[seo, cache]'],
    ['filtered', `[seo, ${PLAIN}].filter(Boolean)`, '[seo, cache].filter(Boolean)'],
    [
      'with comments',
      `[\n    seo, // first\n    // reads come from Redis\n    ${PLAIN},\n  ]`,
      '[\n    seo, // first\n    // reads come from Redis\n    cache,\n  ]',
    ],
  ])('%s: ours takes its place, and remove brings back every byte', async (_name, before, after) => {
    project = await site(config(before));
    const tree = await project.tree();
    const { exitCode, nextSteps, stderr } = await init();
    expect(exitCode, stderr).toBe(0);
    expect(await read('src/payload.config.ts')).toBe(
      config(after, '')
        .replace('\n\n', '\n')
        .replace("'./seo'", "'./seo'\nimport { cache } from './payload-kv/index'"),
    );
    expect(nextSteps.join('\n')).toContain('npm uninstall payloadcms-redis-plugin');
    expect(await doctor()).toBeUndefined();
    await removed(tree);
  });

  test.each([
    ['Windows line ends', (text: string) => text.replaceAll('\n', '\r\n')],
    ['tabs', (text: string) => text.replaceAll('  ', '\t')],
    ['a byte order mark', (text: string) => `\ufeff${text}`],
    [
      'double quotes and semicolons',
      (text: string) => text.replaceAll("'", '"').replace(/^(import.*)$/gm, '$1;'),
    ],
    [
      'an import of another name',
      (text: string) =>
        text.replace('{ redisCache }', '{ redisCache as old }').replace('redisCache({', 'old({'),
    ],
    ['an import over several lines', (text: string) => text.replace('{ redisCache }', '{\n  redisCache,\n}')],
    [
      'parentheses',
      (text: string) => text.replace('process.env.REDIS_URL!', '(process.env.REDIS_URL as string)'),
    ],
  ])('%s', async (_name, written) => {
    project = await site(written(config(`[\n    seo,\n    ${PLAIN},\n  ]`)));
    const tree = await project.tree();
    expect((await init()).exitCode).toBe(0);
    expect(await read('src/payload.config.ts')).not.toMatch(/redis/);
    expect(await wrapper()).toMatch(/redis\(\)/);
    await removed(tree);
  });

  test('in a file of its own', async () => {
    project = await site(config('plugins', "import { plugins } from './plugins'"), {
      'src/plugins.ts': `${IMPORT}\nimport { seo } from './seo'\n\nexport const plugins = [seo, ${PLAIN}]\n`,
    });
    const tree = await project.tree();
    expect((await init()).exitCode).toBe(0);
    expect(await read('src/plugins.ts')).toBe(
      "import { seo } from './seo'\n\nexport const plugins = [seo]\n",
    );
    expect(await read('src/payload.config.ts')).toContain('plugins: [...plugins, cache]');
    await removed(tree);
  });
});

const given = (options: string) => config(`[redisCache({ ${options} })]`);
const URL = 'redis: { url: process.env.REDIS_URL }';

describe('what it is given', () => {
  test.each([
    [
      'a TTL of its own',
      `${URL}, collections: { posts: { ttl: 600 }, pages: true }`,
      /ttl: '5m'[\s\S]*posts: \{ ttl: '10m'/,
    ],
    ['seconds', `${URL}, collections: { posts: { ttl: 90 } }`, /posts: \{ ttl: '90s'/],
    ['hours', `${URL}, collections: { posts: { ttl: 7200 } }`, /posts: \{ ttl: '2h'/],
    ['days', `${URL}, collections: { posts: { ttl: 86_400 } }`, /posts: \{ ttl: '1d'/],
    ['a TTL for all', `${URL}, collections: { posts: true }, defaultCacheOptions: { ttl: 60 }`, /ttl: '1m'/],
    [
      'what is skipped',
      `${URL}, collections: { posts: { skip: true }, pages: { skip: false } }`,
      /collections: \{\s*pages: \{\},?\s*\}/,
    ],
    [
      'a global',
      `${URL}, globals: { header: { ttl: 3600 } }`,
      /collections: \{\},\s*globals: \{\s*header: \{ ttl: '1h' \}/,
    ],
    ['users', `${URL}, collections: { users: true }`, /users: \{ allowAuth: 'without-secrets' \}/],
    [
      'a prefix',
      `${URL}, defaultCacheOptions: { keyPrefix: 'blog' }`,
      /store: redis\(\{ prefix: 'blog:' \}\)/,
    ],
    [
      'quoted names',
      `'redis': { "url": process.env['REDIS_URL'] }, 'collections': { 'posts': true }`,
      /store: redis\(\),[\s\S]*posts:/,
    ],
    [
      'another variable',
      'redis: { url: process.env.CACHE_URL! }',
      /redis\(\{ url: process\.env\.CACHE_URL \}\)/,
    ],
    ['no address', "redis: { url: process.env.REDIS_URL ?? '' }", /store: redis\(\)/],
    [
      'an address in case',
      "redis: { url: process.env.REDIS_URL || 'redis://localhost:6379' }",
      /url: process\.env\.REDIS_URL \|\| 'redis:\/\/localhost:6379'/,
    ],
    [
      'an address',
      "redis: { url: 'rediss://cache.internal:6380/2' }",
      /redis\(\{ url: 'rediss:\/\/cache\.internal:6380\/2' \}\)/,
    ],
    ['nothing to cache', URL, /collections: \{\},\s*globals: \{\}/],
  ])('%s', async (_name, options, expected) => {
    project = await site(given(options));
    const tree = await project.tree();
    const { exitCode, stderr } = await init();
    expect(exitCode, stderr).toBe(0);
    expect(await wrapper()).toMatch(expected);
    await removed(tree);
  });

  test('constants and what they are spread of are followed, and named where nothing uses them any more', async () => {
    project = await site(
      config(
        `[redisCache({ ${URL}, collections: { ...more, [PAGES]: true } })]`,
        `${IMPORT}\nimport { PAGES } from './slugs'\n\nconst more = { posts: { ttl: 600 } }`,
      ),
      { 'src/slugs.ts': "export const PAGES = 'pages'\n" },
    );
    const tree = await project.tree();
    const { exitCode, notices, stderr } = await init();
    expect(exitCode, stderr).toBe(0);
    expect(await wrapper()).toMatch(
      /pages: \{\},\s*posts: \{ ttl: '10m'|posts: \{ ttl: '10m'[^}]*\},\s*pages/,
    );
    expect(notices.join('\n')).toMatch(/nothing uses `PAGES`, `more` any more/);
    await removed(tree);
  });

  test('what has no counterpart is named', async () => {
    project = await site(
      given(`${URL}, collections: { posts: { versions: true, tags: ['a'] }, gone: true, 'payload-jobs': true },
        debug: process.env.NODE_ENV === 'development', defaultCacheOptions: { generateKey: () => 'one' }`),
      { 'src/page.ts': "payload.find({ collection: 'posts', context: { cache: { skip: true } } })\n" },
    );
    const { notices } = await init();
    const all = notices.join('\n');
    expect(all).toContain('`gone`, `payload-jobs`');
    expect(all).toContain(
      '`collections.posts.versions`, `collections.posts.tags`, `defaultCacheOptions.generateKey`, `debug`',
    );
    expect(all).toContain('src/page.ts:1: `context: { cache: { skip } }` says nothing here');
  });

  test('flags come first', async () => {
    project = await site(given(`${URL}, collections: { posts: { ttl: 600 }, pages: { ttl: 900 } }`));
    expect((await init('--collections', 'posts', '--ttl', '1h', '--store', 'memory')).exitCode).toBe(0);
    const text = await wrapper();
    expect(text).toMatch(/store: memory\(\)/);
    expect(text).toMatch(/ttl: '1h'/);
    expect(text).toMatch(/posts: \{ ttl: '10m'/);
    expect(text).not.toMatch(/pages|900|15m/);
  });
});

describe('what is not replaced is refused with its place', () => {
  test.each<[string, string, number, RegExp]>([
    ['a client of its own', given('redis: { client: seo }'), 13, /client of yours/],
    [
      'an address with a password',
      given("redis: { url: 'redis://me:secret@localhost' }"),
      13,
      /without a password/,
    ],
    [
      'an address that is computed',
      given("redis: { url: 'redis://' + process.env.HOST }"),
      13,
      /neither an address/,
    ],
    ['a template', given('redis: { url: `redis://$' + '{process.env.HOST}` }'), 13, /neither an address/],
    [
      'a password in case',
      given("redis: { url: process.env.REDIS_URL ?? 'redis://:secret@localhost' }"),
      13,
      /without a password/,
    ],
    ['no address at all', given('collections: { posts: true }'), 13, /`redis` is not there/],
    ['options by a name', given(`${URL}, ...JSON.parse(process.env.OPTIONS)`), 13, /may bring more/],
    ['options of a call', config('[redisCache(seo())]'), 13, /not written out/],
    [
      'a TTL that is computed',
      given(`${URL}, collections: { posts: { ttl: Number(process.env.TTL) } }`),
      13,
      /whole number of seconds/,
    ],
    [
      'a TTL of a part of a second',
      given(`${URL}, collections: { posts: { ttl: 0.5 } }`),
      13,
      /whole number of seconds/,
    ],
    ['no TTL', given(`${URL}, defaultCacheOptions: { ttl: 0 }`), 13, /whole number of seconds/],
    [
      'a collection by a condition',
      given(`${URL}, collections: { posts: process.env.ON ? true : { skip: true } }`),
      13,
      /not written out/,
    ],
    ['a collection that is false', given(`${URL}, collections: { posts: false }`), 13, /not written out/],
    [
      'skip by a condition',
      given(`${URL}, collections: { posts: { skip: !process.env.ON } }`),
      13,
      /`skip` of `posts`/,
    ],
    [
      'a prefix that is computed',
      given(`${URL}, defaultCacheOptions: { keyPrefix: process.env.PREFIX } `),
      13,
      /keyPrefix/,
    ],
    [
      'behind a condition',
      config(`[process.env.ON && ${PLAIN}].filter(Boolean)`),
      13,
      /no element of the list/,
    ],
    ['in a spread', config(`[...(process.env.ON ? [${PLAIN}] : [])]`), 13, /no element of the list/],
    [
      'in a constant',
      config('[old]', `${IMPORT}\nconst old = redisCache({ ${URL} })`),
      3,
      /no element of the list/,
    ],
    ['called twice', config(`[${PLAIN}, redisCache({ ${URL} })]`), 16, /more than once/],
    ['handed on', config('[seo(redisCache)]'), 13, /not called by its name/],
    ['called with nothing', config('[redisCache()]'), 13, /not called with one object/],
    ['called by a condition', config(`[redisCache?.({ ${URL} })]`), 13, /not called by its name/],
    ['only imported', config('[seo]'), 2, /not called/],
    [
      'imported with more',
      config(`[${PLAIN}]`, "import { redisCache, type RedisPluginConfig } from 'payloadcms-redis-plugin'"),
      2,
      /alone/,
    ],
    [
      'imported whole',
      config(`[all.${PLAIN}]`, "import * as all from 'payloadcms-redis-plugin'"),
      2,
      /alone/,
    ],
    [
      'imported by default',
      config(`[${PLAIN}]`, "import redisCache from 'payloadcms-redis-plugin'"),
      2,
      /alone/,
    ],
    [
      'another function of it',
      config('[other({})]', "import { other } from 'payloadcms-redis-plugin'"),
      2,
      /alone/,
    ],
  ])('%s', async (_name, text, line, reason) => {
    project = await site(text);
    const tree = await project.tree();
    const { exitCode, error } = await init();
    expect(exitCode).toBe(2);
    expect(error).toMatchObject({
      code: 'OTHER_CACHE_UNREADABLE',
      message: expect.stringMatching(reason),
      location: { file: 'src/payload.config.ts', line },
    });
    expect(error?.message).not.toContain('secret');
    expect(await project.tree()).toEqual(tree);
  });

  test.each([
    ['none', config('[seo]', '')],
    ['its types alone', config('[seo]', "import type { RedisPluginConfig } from 'payloadcms-redis-plugin'")],
    [
      'one of a similar name',
      config(`[${PLAIN}]`, "import { redisCache } from 'payloadcms-redis-plugin-fork'"),
    ],
    ['one of the project', config(`[${PLAIN}]`, "import { redisCache } from './seo'")],
    ['in a comment', config(`[seo /* ${PLAIN} */]`, `// ${IMPORT}`)],
  ])('there is none: %s', async (_name, text) => {
    project = await site(text);
    expect((await init()).error).toMatchObject({ code: 'NO_OTHER_CACHE' });
  });
});

test('where ours cannot be put in, the other one stays', async () => {
  project = await site(config(`[${PLAIN}],\n  ...seo`));
  const text = await read('src/payload.config.ts');
  const { exitCode, nextSteps } = await init();
  expect(exitCode).toBe(1);
  expect(await read('src/payload.config.ts')).toBe(text);
  expect(nextSteps.join()).not.toContain('uninstall');
});

test('without the flag it is named, by doctor too, and goes later', async () => {
  project = await site(config(`[\n    seo,\n    ${PLAIN},\n  ]`));
  const tree = await project.tree();
  expect(await doctor()).toMatchObject({ status: 'ok' });
  const { stdout } = await run('init', '--yes', '--json', '--ttl', '7m');
  expect((JSON.parse(stdout) as Said).notices.join('\n')).toMatch(
    /src\/payload\.config\.ts:15 has the cache of `payloadcms-redis-plugin`.*two on one adapter.*--from-plugin/,
  );
  expect(await doctor()).toMatchObject({
    status: 'warn',
    details: ['src/payload.config.ts:16: payloadcms-redis-plugin', expect.any(String)],
    fix: 'Run: npx payload-kv init --from-plugin',
  });
  const ours = await wrapper();
  expect((await init()).exitCode).toBe(0);
  expect(await wrapper()).toBe(ours);
  expect(await read('src/payload.config.ts')).not.toContain('redisCache');
  expect(await doctor()).toBeUndefined();
  await removed(tree);
});

test('a second run says that there is none, and other answers and sync leave it at that', async () => {
  project = await site(
    given(`${URL}, collections: { posts: true }, defaultCacheOptions: { keyPrefix: 'blog' }`),
  );
  const tree = await project.tree();
  await init();
  const after = await read('src/payload.config.ts');
  expect((await init()).error).toMatchObject({ code: 'NO_OTHER_CACHE' });
  expect((await run('init', '--yes', '--ttl', '10m')).exitCode).toBe(0);
  expect((await command(['sync', '--yes', '--cwd', project.dir])).exitCode).toBe(0);
  expect(await read('src/payload.config.ts')).toBe(after);
  expect(await wrapper()).toMatch(/redis\(\{ prefix: 'blog:' \}\)[\s\S]*ttl: '10m'/);
  expect((await run('remove', '--yes')).exitCode).toBe(0);
  expect(await project.tree()).toEqual(tree);
});

test('where its place has changed since, remove says what is to come back by hand', async () => {
  project = await site(config(`[${PLAIN}]`));
  await init();
  const changed = (await read('src/payload.config.ts')).replace('[cache]', '[seo, cache]');
  await writeFile(path.join(project.dir, 'src/payload.config.ts'), changed);
  const { exitCode, stdout } = await run('remove', '--yes', '--json');
  expect(exitCode).toBe(1);
  const { refusals } = JSON.parse(stdout) as { refusals: { path: string; paste: string }[] };
  expect(refusals.map(({ paste }) => paste).join('')).toMatch(
    /redisCache\(\{[\s\S]*payloadcms-redis-plugin|payloadcms-redis-plugin[\s\S]*redisCache\(\{/,
  );
});

test('what nobody would install is named when it comes back', async () => {
  project = await site(config(`[${PLAIN}]`));
  await init();
  const manifest = await read('package.json');
  await writeFile(
    path.join(project.dir, 'package.json'),
    manifest.replace(/,\n\s*"payloadcms-redis-plugin": "0\.2\.17"/, ''),
  );
  const { stdout } = await run('remove', '--yes', '--json');
  expect((JSON.parse(stdout) as Said).notices.join()).toMatch(
    /has `payloadcms-redis-plugin` again.*install it again/,
  );
  expect(await read('src/payload.config.ts')).toContain('redisCache({');
});

test('at a terminal the diff is shown and agreed to, and nothing else is asked', async () => {
  project = await site(config(`[${PLAIN}]`));
  const args = ['init', '--from-plugin', '--no-install', '--cwd', project.dir];
  const { exitCode, stdout } = await command(args, { terminal: true, answers: [true] });
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/-.*redisCache\(\{/);
  expect(await read('src/payload.config.ts')).not.toContain('redisCache');
});

describe('Cloudflare KV', () => {
  const KV = "import { cloudflareKVCache } from 'payloadcms-cloudflare-kv-plugin'";
  const WRANGLER = '{\n  "name": "site",\n  "kv_namespaces": [{ "binding": "CACHE", "id": "abc" }]\n}\n';
  const worker = (options: string) =>
    site(
      config(
        `[cloudflareKVCache({ ${options} })]`,
        `import { getCloudflareContext } from '@opennextjs/cloudflare'\n${KV}`,
      ).replace(
        'export default',
        'const cloudflare = await getCloudflareContext({ async: true })\n\nexport default',
      ),
      { 'wrangler.jsonc': WRANGLER },
    );

  test('its binding and prefix are ours, and remove brings back every byte', async () => {
    project = await worker(
      "kv: cloudflare.env.CACHE, collections: { posts: { ttl: 600 } }, defaultCacheOptions: { keyPrefix: 'old' }",
    );
    const tree = await project.tree();
    const { exitCode, stderr } = await init();
    expect(exitCode, stderr).toBe(0);
    expect(await wrapper()).toMatch(/cloudflareKV\(\{ binding: 'CACHE', env, prefix: 'old:' \}\)/);
    expect(await read('src/payload.config.ts')).toContain('plugins: [cache(cloudflare.env)]');
    expect(await read('wrangler.jsonc')).toBe(WRANGLER);
    await removed(tree);
  });

  test.each([
    ['another env', 'kv: env.CACHE', /`env` is not the Cloudflare env/],
    ['a function', 'kv: cloudflare.env.get("CACHE")', /no binding of the Cloudflare env/],
    ['a computed name', 'kv: cloudflare.env[process.env.KV]', /no binding of the Cloudflare env/],
    ['none', 'collections: {}', /no binding of the Cloudflare env/],
  ])('%s is refused', async (_name, options, reason) => {
    project = await worker(options);
    expect((await init()).error?.message).toMatch(reason);
  });
});
