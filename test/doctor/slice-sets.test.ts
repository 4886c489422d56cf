import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { Miniflare } from 'miniflare';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CheckReport } from '../../src/doctor/check.js';
import { checks } from '../../src/doctor/checks.js';
import { doctorContext } from '../../src/doctor/context.js';
import { wranglerRemote } from '../../src/doctor/remote.js';
import { runChecks } from '../../src/doctor/run-checks.js';
import { inspectProject } from '../../src/inspect/project.js';
import type { Store } from '../../src/interfaces/store.js';
import type { KVBinding } from '../../src/runtime/cloudflare.js';
import type { Policy } from '../../src/runtime/policy/policy.js';
import type { SiteSchema } from '../../src/runtime/query/site-schema.js';
import { createSliceSets } from '../../src/runtime/versions/slice-sets.js';
import { cloudflareKV } from '../../src/stores/cloudflare-kv.js';
import { redis } from '../../src/stores/redis.js';
import { createProject, type Project } from '../cli/command.js';
import { runCli } from '../support/cli.js';
import { type CloudflareAPIServer, startCloudflareAPI } from '../support/cloudflare-api.js';
import { lightWrangler } from '../support/light-wrangler.mjs';
import { hasRedis, startRedis } from '../support/redis.js';
import { repository } from '../support/repository.js';

const REGISTER = 'posts?';
const CONFIG = `import { buildConfig } from 'payload';

export default buildConfig({
  collections: [
    {
      slug: 'posts',
      fields: [
        { name: 'slug', type: 'text', unique: true },
        { name: 'category', type: 'text', index: true },
        { name: 'day', type: 'date' },
      ],
    },
  ],
  db: undefined as never,
});
`;
const OTHERS = {
  status: 'warn',
  summary: expect.stringMatching(
    /^another process writes to posts with other slices than are named here, or did within the last two weeks: .*makes stale/,
  ),
  fix: expect.stringContaining('Give all that share the registry the same policy'),
};
const ALONE = { status: 'ok', summary: 'nobody writes with others, in 1 collection' };

let project: Project;
afterEach(async () => {
  vi.unstubAllEnvs();
  await project?.remove();
});

const wrapper = (
  store: string,
  slices = "['slug']",
) => `import { memory, payloadKV, databaseRegistry } from 'payload-kv';
import { cloudflareKV, cloudflareKVRest } from 'payload-kv/cloudflare';
import { redis } from 'payload-kv/redis';
const CATEGORY = 'category';
export const cache = payloadKV({ store: ${store}, collections: { posts: { slices: ${slices} } } });
`;

async function site(store: string, slices?: string, id = 'local'): Promise<void> {
  await project?.remove();
  project = await createProject({
    'src/payload.config.ts': CONFIG,
    'wrangler.json': JSON.stringify({
      name: 'shop',
      compatibility_date: '2026-01-01',
      kv_namespaces: [{ binding: 'PAYLOAD_CACHE', id }],
    }),
    'src/payload-kv/index.ts': wrapper(store, slices),
  });
}

/** The version that a process with these slices leaves after a write, beside what is there. */
function afterWriteWith(paths: string[], version?: string): string {
  const sets = createSliceSets(
    { collections: new Map([['posts', {}]]) } as unknown as SiteSchema,
    { slicesOf: () => paths.map((name) => ({ path: name })) } as unknown as Policy,
  );
  return sets.versionNaming(REGISTER, version) as string;
}

/** What is written by a process with these slices, through the registry that a site has. */
async function writtenWith(paths: string[], store: Store): Promise<void> {
  const registry = store.defaultRegistry();
  const [version] = await registry.get([REGISTER]);
  await registry.replace([REGISTER], { version: afterWriteWith(paths, version), lifetime: 86_400 });
}

async function diagnose(isRemote = false): Promise<CheckReport[]> {
  const context = await doctorContext(inspectProject({ cwd: project.dir }));
  const { root, wrangler } = context.project;
  if (isRemote) {
    context.remote = wranglerRemote({
      start: (args) => lightWrangler(args, root),
      root,
      wrangler,
      command: context.command,
      installed: { dir: root, version: '4.82.2' },
      add: 'npm install -D',
    });
  }
  return runChecks(
    checks.filter(({ id }) => id.endsWith('slice-sets')),
    context,
  );
}

describe('in the local KV namespace', () => {
  const report = async () => {
    const { stdout } = await runCli(['doctor', '--json'], { cwd: project.dir });
    return (JSON.parse(stdout).checks as CheckReport[]).find(({ id }) => id === 'slice-sets');
  };

  test('others are told of, and nobody where there are none', async () => {
    await site("cloudflareKV({ binding: 'PAYLOAD_CACHE', prefix: 'shop:' })");
    const modules = path.join(project.dir, 'node_modules');
    await mkdir(modules, { recursive: true });
    await symlink(path.join(repository, 'node_modules/miniflare'), path.join(modules, 'miniflare'));
    expect(await report()).toMatchObject({ status: 'ok', summary: 'nothing is stored locally yet' });

    const state = path.join(project.dir, '.wrangler/state/v3/kv');
    await mkdir(state, { recursive: true });
    const write = async (paths: string[]) => {
      const miniflare = new Miniflare({
        modules: true,
        script: 'export default {}',
        kvNamespaces: { PAYLOAD_CACHE: 'local' },
        kvPersist: state,
      });
      const binding = (await miniflare.getKVNamespace('PAYLOAD_CACHE')) as unknown as KVBinding;
      await writtenWith(paths, cloudflareKV({ binding, prefix: 'shop:' }));
      await miniflare.dispose();
    };
    await write(['slug']);
    expect(await report()).toMatchObject(ALONE);
    await write(['slug', 'category']);
    expect(await report()).toMatchObject(OTHERS);
  });
});

describe('at Cloudflare', () => {
  let api: CloudflareAPIServer;
  const KEY = 'payload-cache:tag:posts?';
  const hold = (key: string, value: string) => api.values.set(key, { value, expiresAt: undefined });

  beforeEach(async () => {
    api = await startCloudflareAPI();
    vi.stubEnv('CLOUDFLARE_API_BASE_URL', api.baseUrl);
    vi.stubEnv('CLOUDFLARE_API_TOKEN', api.apiToken);
    vi.stubEnv('CLOUDFLARE_ACCOUNT_ID', api.accountId);
    vi.stubEnv('PAYLOAD_KV_NAMESPACE_ID', api.namespaceId);
  });
  afterEach(() => api.stop());

  const remote = async () => (await diagnose(true)).filter(({ id }) => id === 'remote-slice-sets');

  test('others on the deployed namespace are told of, and nothing is written', async () => {
    await site("cloudflareKV({ binding: 'PAYLOAD_CACHE', prefix: 'shop:' })", undefined, api.namespaceId);
    expect(await remote()).toMatchObject([ALONE]);
    const own = afterWriteWith(['slug']);
    hold(`shop:${KEY}`, own);
    expect(await remote()).toMatchObject([ALONE]);
    hold(`shop:${KEY}`, afterWriteWith(['category'], own));
    expect(await remote()).toMatchObject([OTHERS]);
    expect(api.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
    expect(JSON.stringify(await remote())).not.toContain(api.apiToken);
  });

  test('a version with something printed before it is read all the same', async () => {
    await site("cloudflareKV({ binding: 'PAYLOAD_CACHE' })", undefined, api.namespaceId);
    const said = 'An update is there: 4.99.0.sthother9zzz';
    const own = afterWriteWith(['slug']);
    hold(KEY, `${said}\n${own}`);
    expect(await remote()).toMatchObject([ALONE]);
    hold(KEY, `${said}\n${afterWriteWith(['category'], own)}`);
    expect(await remote()).toMatchObject([OTHERS]);
  });

  test('a namespace that is not reached, or a prefix that is computed, is not called checked', async () => {
    await site(
      "cloudflareKV({ binding: 'PAYLOAD_CACHE', prefix: prefixOf(site) })",
      undefined,
      api.namespaceId,
    );
    expect(await remote()).toMatchObject([
      { status: 'warn', summary: 'not checked: the prefix of the keys is not written out' },
    ]);
    await site("cloudflareKV({ binding: 'PAYLOAD_CACHE' })", undefined, '7'.repeat(32));
    expect(await remote()).toMatchObject([
      { status: 'warn', summary: expect.stringMatching(/^not checked/) },
    ]);
  });

  test('others behind cloudflareKVRest are told of, with --remote', async () => {
    await site("cloudflareKVRest({ prefix: 'shop:' })");
    expect(await diagnose()).toEqual([]);
    expect(await diagnose(true)).toMatchObject([{ id: 'rest-slice-sets', ...ALONE }]);
    hold(`shop:${KEY}`, afterWriteWith(['category']));
    expect(await diagnose(true)).toMatchObject([{ id: 'rest-slice-sets', ...OTHERS }]);
    api.faultOf = () => 'reset';
    expect(await diagnose(true)).toMatchObject([
      { status: 'warn', summary: 'not checked: the namespace is not reached, see above' },
    ]);
  });
});

describe.runIf(hasRedis)('on the Redis of REDIS_URL', () => {
  let server: Awaited<ReturnType<typeof startRedis>>;
  let store: Store;
  beforeEach(async () => {
    server = await startRedis();
    const url = `redis://127.0.0.1:${server.port}`;
    vi.stubEnv('REDIS_URL', url);
    store = redis({ url });
  });
  afterEach(async () => {
    await store.close();
    await server.stop();
  });

  test('others are told of', async () => {
    await site('redis()', "['slug', CATEGORY]");
    await writtenWith(['category', 'slug'], store);
    expect(await diagnose()).toMatchObject([ALONE]);
    await writtenWith(['slug'], store);
    expect(await diagnose()).toMatchObject([OTHERS]);
  });

  test('a field that the site does not take for a slice is none here either', async () => {
    await site('redis()', "['slug', 'day']");
    await writtenWith(['slug'], store);
    expect(await diagnose()).toMatchObject([ALONE]);
  });
});

test('of a registry that only the site reaches, it is said so', async () => {
  await site('redis({ client })');
  expect(await diagnose()).toMatchObject([
    { status: 'ok', summary: expect.stringContaining('only the site itself reads `redis({ client })`') },
  ]);
  await site('memory(), registry: databaseRegistry()');
  expect(await diagnose()).toMatchObject([
    { status: 'ok', summary: expect.stringContaining('only the site itself reads `databaseRegistry()`') },
  ]);
});

test('entries in this process have no others, and without slices there is nothing to differ', async () => {
  await site('memory()');
  expect(await diagnose()).toEqual([]);
  await site('redis({ client })', '[]');
  expect(await diagnose()).toEqual([]);
});

test('slices that are not written out are left out, which the policy tells', async () => {
  await site('redis({ client })', "['slug', ...more]");
  expect(await diagnose()).toEqual([]);
  const context = await doctorContext(inspectProject({ cwd: project.dir }));
  const policy = await runChecks(
    checks.filter(({ id }) => id === 'policy'),
    context,
  );
  expect(policy).toMatchObject([
    { status: 'warn', details: [expect.stringContaining('collections.posts.slices')] },
  ]);
});
