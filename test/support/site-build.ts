import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { commitAll } from './project.js';
import { removeDirectory } from './remove-directory.js';
import { repository } from './repository.js';

/** A real Next site with Payload, its packages installed, this package among them, wired by `init`, and built. */
export interface BuiltSite {
  /** Absolute path; its content is not to be changed. */
  dir: string;
  /** What `init` printed; empty where nothing was wired. */
  wiring: string;
}

/** How a site is made of the fixtures. */
interface Recipe {
  /** Folders below `fixtures`, each over those before it. */
  fixtures: readonly string[];
  /** What `init` is run with, one time after the other, given what it printed the first time. */
  init: readonly ((wiring: string) => readonly string[])[];
  /** Changes it after that, by hand as it were. */
  change?(dir: string): Promise<void>;
  /** The script that builds it. */
  build: string;
  /** What the build has in its environment. */
  env?: Readonly<Record<string, string>>;
}

/** What of a fixture no copy takes along. */
const LEFT_BEHIND = new Set(['node_modules', '.next', '.open-next', '.wrangler', 'media', 'next-env.d.ts']);

/** What a test or a bench sets for itself is not for the site. */
export const OWN_ENVIRONMENT = {
  NEXT_TELEMETRY_DISABLED: '1',
  NODE_ENV: undefined,
  PAYLOAD_KV_TIMEOUT: undefined,
  TSX_TSCONFIG_PATH: undefined,
  VITEST: undefined,
} as const;

/** The site on SQLite, for `next start`. Once for a machine, and again after a change of the fixture or the package. */
export function builtSite(report?: (step: string) => void): Promise<BuiltSite> {
  const init = ['--store', 'memory'];
  return built(
    'site',
    {
      fixtures: ['site'],
      init: [() => init, withPreferences(init)],
      change: async (dir) => {
        await withPages(dir);
        await withFunctions(dir);
        await withResponses(dir);
        await withAdminView(dir);
      },
      build: 'build',
      // What is built has its tags; whether a site goes by them is said when it is started.
      env: { SITE_PAGES: 'push' },
    },
    report,
  );
}

/** Has the site's pages follow what they read where `SITE_PAGES` says how, and its entries in Redis where there is one. */
async function withPages(dir: string): Promise<void> {
  const file = path.join(dir, 'src', 'payload-kv', 'index.ts');
  const text = await readFile(file, 'utf8');
  const changed = text
    .replace(
      `from 'payload-kv';\n`,
      `from 'payload-kv';
import { nextPages } from 'payload-kv/next';
import { redis } from 'payload-kv/redis';\n`,
    )
    .replace(
      '  store: memory(),\n',
      `  store: process.env.REDIS_URL ? redis() : memory(),
  pages: process.env.SITE_PAGES ? nextPages({ revalidate: process.env.SITE_PAGES as 'handler' | 'push' }) : undefined,\n`,
    );
  if (changed.length < text.length + 100) throw new Error(`${file} is not as it was:\n${text}`);
  await writeFile(file, changed);
  for (const name of packagesOf('ioredis')) {
    const from = path.join(repository, 'node_modules', name);
    await cp(from, path.join(dir, 'node_modules', name), { recursive: true });
  }
}

/** Has what the site's pages ask Payload answered by functions that are kept, where `SITE_FUNCTIONS` is set. */
async function withFunctions(dir: string): Promise<void> {
  const file = path.join(dir, 'src', 'content.ts');
  const text = await readFile(file, 'utf8');
  const site = 'const site = () => getPayload({ config });';
  if (!text.includes(site)) throw new Error(`${file} is not as it was:\n${text}`);
  const changed = text
    .replace(`from 'payload';\n`, `from 'payload';\nimport { cached } from 'payload-kv';\n`)
    .replace(
      site,
      `const functionOf = (payload: Payload, name: 'find' | 'findByID' | 'findGlobal') => (args: any) =>
  cached(({ req }) => (payload as any)[name]({ ...args, req }), {
    key: [name, args],
    namespace: 'content',
    payload,
    shared: true,
  });

const site = async (): Promise<Pick<Payload, 'find' | 'findByID' | 'findGlobal'>> => {
  const payload = await getPayload({ config });
  if (!process.env.SITE_FUNCTIONS) return payload;
  return {
    find: functionOf(payload, 'find') as Payload['find'],
    findByID: functionOf(payload, 'findByID') as Payload['findByID'],
    findGlobal: functionOf(payload, 'findGlobal') as Payload['findGlobal'],
  };
};`,
    )
    .replace('{ getPayload, type Where }', '{ getPayload, type Payload, type Where }');
  await writeFile(file, changed);
}

/** Has the cache shown in the site's admin panel where `SITE_ADMIN_VIEW` is set. */
async function withAdminView(dir: string): Promise<void> {
  const file = path.join(dir, 'src', 'payload-kv', 'index.ts');
  const text = await readFile(file, 'utf8');
  const own = "({ req }) => Boolean(req.user) && req.user?.email !== 'ben@example.com'";
  const changed = text
    .replace(`from 'payload-kv';\n`, `from 'payload-kv';\nimport { observe } from 'payload-kv/observe';\n`)
    .replace(
      /^ +store: /m,
      `  observe: process.env.SITE_ADMIN_VIEW
    ? observe({ adminView: true, access: ${own} })
    : undefined,\n$&`,
    );
  if (changed.length < text.length + 100) throw new Error(`${file} is not as it was:\n${text}`);
  await writeFile(file, changed);
  const map = path.join(dir, 'src/app/(payload)/admin/importMap.js');
  const env = { ...OWN_ENVIRONMENT, SITE_ADMIN_VIEW: '1' };
  // Node 20 ends Payload's loader with 0 at times, before it has begun.
  for (let time = 0; time < 5; time += 1) {
    await execa('npm', ['run', 'generate:importmap'], { cwd: dir, env, stdin: 'ignore' });
    if ((await readFile(map, 'utf8')).includes('payload-kv/rsc#CacheView')) return;
  }
  throw new Error(`${map} has no component of this package.`);
}

/** Has responses of the site's REST and GraphQL answered from the cache where `SITE_RESPONSES` is set. */
async function withResponses(dir: string): Promise<void> {
  for (const [name, method, handler, policy] of [
    ['[...slug]', 'GET', 'REST_GET(config)', "{ api: 'rest', outcomeHeader: true }"],
    ['graphql', 'POST', 'GRAPHQL_POST(config)', '{ graphql, outcomeHeader: true }'],
  ] as const) {
    const file = path.join(dir, 'src/app/(payload)/api', name, 'route.ts');
    const text = await readFile(file, 'utf8');
    const whole = `export const ${method} = ${handler};`;
    if (!text.includes(whole)) throw new Error(`${file} is not as it was:\n${text}`);
    const imports = `${name === 'graphql' ? "import * as graphql from 'graphql';\n" : ''}import { withResponseCache } from 'payload-kv/responses';\n`;
    const wrapped = `export const ${method} = process.env.SITE_RESPONSES ? withResponseCache(${handler}, ${policy}) : ${handler};`;
    await writeFile(file, imports + text.replace(whole, () => wrapped));
  }
}

/** A package of this repository, and all that it needs. */
function packagesOf(name: string, known = new Set<string>()): Set<string> {
  if (known.has(name)) return known;
  known.add(name);
  const { dependencies } = JSON.parse(
    readFileSync(path.join(repository, 'node_modules', name, 'package.json'), 'utf8'),
  ) as { dependencies?: Record<string, string> };
  for (const needed of Object.keys(dependencies ?? {})) packagesOf(needed, known);
  return known;
}

/** The site as a Worker on D1 and R2, with entries in KV and versions in `registry`, or without a cache. */
export function builtWorker(
  registry: 'kv' | 'durable-object' | 'none',
  report?: (step: string) => void,
): Promise<BuiltSite> {
  const init = registry === 'none' ? [] : [() => ['--store', 'cloudflare-kv', '--registry', registry]];
  // The Worker is not tested with `'use cache'`.
  const change = (dir: string) => rm(path.join(dir, 'src/app/(frontend)/digest'), { recursive: true });
  const recipe: Recipe = { fixtures: ['site', 'worker'], init, change, build: 'build:worker' };
  return built('worker', recipe, report, registry);
}

/** A Worker with entries in KV, whose pages OpenNext keeps, and asks this package which of them are old. */
export interface PagesWorker {
  /** Where OpenNext keeps pages. */
  pages: 'kv' | 'r2';
  /** Where this package keeps versions. */
  registry: 'kv' | 'durable-object';
  /** Whether OpenNext serves pages before the server of Next is asked. */
  isIntercepted?: boolean;
  /** Whether the site has a function with `'use cache'`. */
  hasUseCache?: boolean;
}

/** Builds such a Worker. */
export function builtPagesWorker(worker: PagesWorker, report?: (step: string) => void): Promise<BuiltSite> {
  const { pages, registry, isIntercepted } = worker;
  const recipe: Recipe = {
    fixtures: ['site', 'worker'],
    init: [() => ['--store', 'cloudflare-kv', '--registry', registry]],
    change: (dir) => withWorkerPages(dir, worker),
    build: 'build:worker',
  };
  const variant = `${registry} pages ${pages}${isIntercepted ? ' intercepted' : ''}`;
  return built('worker', recipe, report, variant);
}

/** A Worker that is told when it is started in which way it caches, and counts what is asked of its bindings. */
export function builtGainsWorker(report?: (step: string) => void): Promise<BuiltSite> {
  const recipe: Recipe = {
    fixtures: ['site', 'worker'],
    init: [() => ['--store', 'cloudflare-kv', '--registry', 'durable-object']],
    change: async (dir) => {
      await withWorkerPages(dir, { pages: 'r2', registry: 'durable-object', isIntercepted: true });
      await withFunctions(dir);
      await withResponses(dir);
      await withWays(dir);
    },
    build: 'build:worker',
    // What is built has its tags, as in `builtSite`.
    env: { SITE_PAGES: 'handler' },
  };
  return built('worker-gains', recipe, report);
}

/** Has the Worker cache as `SITE_REGISTRY`, `SITE_BOUNDED`, `SITE_NEAR` and `SITE_PAGES` say. */
async function withWays(dir: string): Promise<void> {
  const edits: [name: string, from: RegExp, to: string][] = [
    ['src/payload-kv/index.ts', /^import \{ payloadKV \}/m, 'import { memory, payloadKV, tiered }'],
    [
      'src/payload-kv/index.ts',
      /^( +)store: (cloudflareKV\(.+\)),$/m,
      '$1store: process.env.SITE_NEAR ? tiered(memory(), $2) : $2,',
    ],
    [
      'src/payload-kv/index.ts',
      /^( +)registry: (durableObjectRegistry\(.+\)),$/m,
      `$1registry: process.env.SITE_REGISTRY ? $2 : undefined,
$1consistency: process.env.SITE_BOUNDED ? { bounded: process.env.SITE_BOUNDED as '10s' } : undefined,`,
    ],
    [
      'src/payload-kv/index.ts',
      /pages: (nextPages\(.+\)),$/m,
      'pages: process.env.SITE_PAGES ? $1 : undefined,',
    ],
    ['worker.ts', /^export \{ default \} from (.+)$/m, 'import worker from $1'],
    [
      'worker.ts',
      /^export \{ CacheTagRegistry \}.+$/m,
      "import { measuredWorker } from './src/bindings';\n\n$&\nexport default measuredWorker(worker);",
    ],
  ];
  for (const [name, from, to] of edits) await edit(dir, name, from, to);
}

/** Changes a file of a site in one place, which must be there. */
async function edit(dir: string, name: string, from: RegExp, to: string): Promise<void> {
  const file = path.join(dir, name);
  const text = await readFile(file, 'utf8');
  if (!from.test(text)) throw new Error(`${file} is not as it was:\n${text}`);
  await writeFile(file, text.replace(from, to));
}

/** As docs/pages.md says, and with a route that tells what the cache asked. */
async function withWorkerPages(
  dir: string,
  { pages, isIntercepted = false, hasUseCache }: PagesWorker,
): Promise<void> {
  if (!hasUseCache) await rm(path.join(dir, 'src/app/(frontend)/digest'), { recursive: true });
  const cache = 'src/payload-kv/index.ts';
  await edit(dir, cache, /^import \{ payloadKV/m, "import { nextPages } from 'payload-kv/next';\n$&");
  await edit(dir, cache, /^ +store: /m, "    pages: nextPages({ revalidate: 'handler' }),\n$&");
  if (pages === 'kv')
    await edit(dir, 'wrangler.jsonc', /"kv_namespaces": \[/, '$& { "binding": "NEXT_INC_CACHE_KV" },');
  else {
    const bucket = '{ "binding": "NEXT_INC_CACHE_R2_BUCKET", "bucket_name": "harbour-pages" }';
    await edit(dir, 'wrangler.jsonc', /"r2_buckets": \[/, `$& ${bucket},`);
  }
  await writeFile(
    path.join(dir, 'open-next.config.ts'),
    `import { defineCloudflareConfig } from '@opennextjs/cloudflare';
import incrementalCache from '@opennextjs/cloudflare/overrides/incremental-cache/${pages}-incremental-cache';
import tagCache from 'payload-kv/next/open-next';

export default defineCloudflareConfig({
  incrementalCache,
  tagCache,
  enableCacheInterception: ${isIntercepted},
});
`,
  );
  const route = path.join(dir, 'src/app/round-trips');
  await mkdir(route);
  await writeFile(
    path.join(route, 'route.ts'),
    `import config from '@payload-config';
import { getPayload } from 'payload';
import { getCacheStats } from 'payload-kv';

export const dynamic = 'force-dynamic';
export const GET = async () => Response.json(getCacheStats(await getPayload({ config })));
`,
  );
}

/** All that was proposed, and preferences, which the admin panel asks again and again. */
function withPreferences(init: readonly string[]): Recipe['init'][number] {
  return (wiring) => {
    const cached = /^ +cached +(.+), for /m.exec(wiring)?.[1]?.split(', ') ?? [];
    const collections = cached.filter((slug) => !['footer', 'header'].includes(slug));
    return [...init, '--force', '--collections', [...collections, 'payload-preferences'].join(',')];
  };
}

/** What takes minutes, the packages and the build, is kept below the directory for temporary files. */
async function built(
  name: string,
  recipe: Recipe,
  report: (step: string) => void = () => {},
  variant = '',
): Promise<BuiltSite> {
  const id = createHash('sha256').update(repository).digest('hex').slice(0, 12);
  const base = path.join(tmpdir(), `payload-kv-${name}-${id}`);
  await mkdir(base, { recursive: true });
  const unlock = await lock(path.join(base, 'lock'));
  try {
    const dir = path.join(base, 'site');
    const [wiringFile, stateFile, packagesFile] = ['wiring.txt', 'state', 'packages'].map((file) =>
      path.join(base, file),
    ) as [string, string, string];
    const folders = recipe.fixtures.map((folder) => path.join(repository, 'fixtures', folder));
    const packages = await digestOf([path.join(folders.at(-1)!, 'package-lock.json')]);
    const own = ['bin', 'dist', 'templates'].map((folder) => path.join(repository, folder));
    const state = `${variant} ${await digestOf([...folders, ...own])}`;
    if ((await textOf(stateFile)) === state) return { dir, wiring: await textOf(wiringFile) };

    await rm(stateFile, { force: true });
    const modules = path.join(dir, 'node_modules');
    const kept = path.join(base, 'node_modules');
    if (existsSync(modules)) {
      await removeDirectory(kept);
      await rename(modules, kept);
    }
    await removeDirectory(dir);
    const filter = (source: string) => !LEFT_BEHIND.has(path.basename(source));
    for (const folder of folders) await cp(folder, dir, { recursive: true, filter });
    const run = (command: string, args: readonly string[], env: Recipe['env'] = {}) =>
      execa(command, args, { cwd: dir, env: { ...OWN_ENVIRONMENT, ...env }, stdin: 'ignore' });
    if (existsSync(kept) && (await textOf(packagesFile)) === packages) await rename(kept, modules);
    else {
      report('installing the packages of the site');
      await removeDirectory(kept);
      await run('npm', ['ci', '--ignore-scripts']);
      await writeFile(packagesFile, packages);
    }
    await commitAll(dir);
    report('installing this package');
    const { stdout } = await execa(
      'npm',
      ['pack', '--silent', '--ignore-scripts', '--pack-destination', base],
      { cwd: repository },
    );
    const tarball = path.join(base, stdout.trim().split('\n').at(-1)!);
    await run('npm', ['install', '--no-save', '--ignore-scripts', '--prefer-offline', tarball]);
    report('filling its database');
    await seeded(dir, () => run('npm', ['run', 'seed']));
    let wiring = '';
    for (const flagsOf of recipe.init) {
      const flags = flagsOf(wiring);
      report(`payload-kv init ${flags.join(' ')}`);
      const { stdout: told } = await run('npx', ['payload-kv', 'init', '--yes', '--no-install', ...flags]);
      wiring ||= told;
    }
    await recipe.change?.(dir);
    report('building it');
    await run('npm', ['run', recipe.build], recipe.env);
    await writeFile(wiringFile, wiring);
    await writeFile(stateFile, state);
    return { dir, wiring };
  } finally {
    await unlock();
  }
}

/** Fills the site's database. Node 20 ends Payload's loader with 0 at times, before it has begun: then once more. */
async function seeded(dir: string, seed: () => Promise<{ stdout: string }>): Promise<void> {
  let told = '';
  for (let time = 0; time < 5; time += 1) {
    told = (await seed()).stdout;
    if (told.includes('The site has its content.')) return;
    for (const state of ['site.db', '.wrangler'])
      await rm(path.join(dir, state), { recursive: true, force: true });
  }
  throw new Error(`The database of the site was not filled: ${told}`);
}

/** The text of a file, none where it is not there. */
async function textOf(file: string): Promise<string> {
  return existsSync(file) ? readFile(file, 'utf8') : '';
}

/** One digest of files and of all files in directories, by path and content. */
async function digestOf(roots: string[]): Promise<string> {
  const digest = createHash('sha256');
  const add = async (file: string): Promise<void> => {
    if (LEFT_BEHIND.has(path.basename(file)) || path.basename(file) === '.tsbuildinfo') return;
    if ((await stat(file)).isDirectory()) {
      for (const name of (await readdir(file)).sort()) await add(path.join(file, name));
    } else digest.update(`${file}\0`).update(await readFile(file));
  };
  for (const root of roots) await add(root);
  return digest.digest('hex').slice(0, 24);
}

/** Waits until no other process prepares the site. A lock whose process is gone counts for nothing. */
async function lock(file: string): Promise<() => Promise<void>> {
  for (;;) {
    try {
      const handle = await open(file, 'wx');
      await handle.writeFile(String(process.pid));
      await handle.close();
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = Number(await readFile(file, 'utf8').catch(() => ''));
    if (owner && !isRunning(owner)) await rm(file, { force: true });
    else await sleep(500);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
