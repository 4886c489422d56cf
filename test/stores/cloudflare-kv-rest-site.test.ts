import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Payload } from 'payload';
import { afterEach, expect, test, vi } from 'vitest';
import { cloudflareKVRest } from '../../src/runtime/cloudflare.js';
import { getCacheStats, memory, payloadKV, settleCache, tiered } from '../../src/runtime/index.js';
import { collectLog, type Logged } from '../runtime/logged.js';
import { type ApiFault, type CloudflareAPIServer, startCloudflareAPI } from '../support/cloudflare-api.js';
import { type Started, startBlog } from '../support/payload.js';
import { removeDirectory } from '../support/remove-directory.js';

/** One process of a site that keeps its entries behind the API. */
interface Process extends Started {
  api: CloudflareAPIServer;
  log: Logged;
}

const apis: CloudflareAPIServer[] = [];
const sites: Started[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(sites.splice(0).map((site) => site.stop()));
  await Promise.all(apis.splice(0).map((api) => api.stop()));
});

async function startAPI(): Promise<CloudflareAPIServer> {
  const api = await startCloudflareAPI();
  apis.push(api);
  return api;
}

interface ProcessOptions {
  api: CloudflareAPIServer;
  url?: string;
  /** Milliseconds that the site waits for the API. */
  patience: number;
}

async function start({ api, url, patience }: ProcessOptions): Promise<Process> {
  const log = collectLog();
  const { baseUrl, accountId, namespaceId, apiToken } = api;
  const far = cloudflareKVRest({
    ...(apiToken && { baseUrl, accountId, namespaceId, apiToken }),
    requestTimeout: patience,
    writeInterval: 0,
    retries: 1,
  });
  const site = await startBlog({
    url,
    configure: log.configure,
    plugins: [payloadKV({ store: tiered(memory(), far), timeout: patience, writeTimeout: patience })],
  });
  sites.push(site);
  return { ...site, api, log };
}

const nameOf = async (payload: Payload, id: number | string) =>
  (await payload.findByID({ collection: 'categories', id, depth: 0 })).name;
const hitsOf = (payload: Payload) => getCacheStats(payload)?.collections.categories?.hits ?? 0;

test('What one process has read is a hit in another, until one of them writes', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-rest-site-'));
  try {
    const url = `file:${path.join(directory, 'blog.db')}`;
    const api = await startAPI();
    const first = await start({ api, url, patience: 20_000 });
    const second = await start({ api, url, patience: 20_000 });
    const [one, two] = [first.payload, second.payload];
    const { id } = await one.create({ collection: 'categories', data: { name: 'old', slug: 'category' } });
    expect(await nameOf(one, id)).toBe('old');
    await settleCache(one, 20_000);
    expect(await nameOf(two, id)).toBe('old');
    expect([hitsOf(one), hitsOf(two)]).toEqual([0, 1]);
    // The tier in the process answers, without another request.
    api.forget();
    expect(await nameOf(two, id)).toBe('old');
    expect([hitsOf(two), api.requests.length]).toEqual([2, 0]);
    await two.update({ collection: 'categories', id, data: { name: 'new' } });
    expect(await nameOf(two, id)).toBe('new');
    expect(api.requests.length).toBeGreaterThan(0);
    expect([...first.log.lines(), ...second.log.lines()]).toEqual([]);
  } finally {
    await Promise.all(sites.splice(0).map((site) => site.stop()));
    await removeDirectory(directory);
  }
});

const nonsense = { values: Object.fromEntries(['a', 'b'].map((key) => [key, 'payload-cache:'])) };
const FAULTS: [string, ApiFault][] = [
  ['never answers', 'hang'],
  ['breaks connections off', 'reset'],
  ['breaks answers off', 'cut'],
  ['fails', { status: 500 }],
  ['answers in HTML', { status: 502, body: '<html>502 Bad Gateway</html>' }],
  ['has had enough for two minutes', { status: 429, headers: { 'retry-after': '120' } }],
  ['knows nobody', { status: 403 }],
  ['answers something else', { status: 200, body: JSON.stringify({ success: true, result: nonsense }) }],
  ['answers nothing', { status: 200, body: '' }],
];

test('A hot page costs one request in each span that versions serve for, and lookups made together share theirs', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    const { payload, api } = await start({ api: await startAPI(), patience: 20_000 });
    const ids: (number | string)[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      const { id } = await payload.create({ collection: 'categories', data: { name, slug: name } });
      ids.push(id);
    }
    // Until this process has no versions of its own to go by, those that it replaced.
    vi.setSystemTime(Date.now() + 300_000);
    const page = () => Promise.all(ids.map((id) => nameOf(payload, id)));
    await page();
    await settleCache(payload, 20_000);
    for (let span = 0; span < 3; span++) {
      vi.setSystemTime(Date.now() + 2_500);
      api.forget();
      for (let visit = 0; visit < 5; visit++) expect(await page()).toEqual(['a', 'b', 'c', 'd', 'e']);
      expect(api.requests.map(({ path }) => path)).toEqual(['/bulk/get']);
    }
    expect(hitsOf(payload)).toBe(75);
  } finally {
    vi.useRealTimers();
  }
});

test('A site goes on with its database however the API fails', async () => {
  const processes: [ApiFault, Process][] = [];
  for (const [, fault] of FAULTS) {
    processes.push([fault, await start({ api: await startAPI(), patience: 150 })]);
  }
  // All at the same time: each waits for its API now and then.
  await Promise.all(processes.map(([fault, process]) => writeAndRead(process, fault)));
  for (const [index, [, { log, api }]] of processes.entries()) {
    const [how] = FAULTS[index] as [string, ApiFault];
    // What answers as if all were well can only be told by what is not there.
    if (how !== 'answers something else') expect(log.lines().length, how).toBeGreaterThan(0);
    expect(log.lines().join('\n'), how).not.toContain(api.apiToken);
  }
});

async function writeAndRead({ payload, api }: Process, fault: ApiFault): Promise<void> {
  const { id } = await payload.create({ collection: 'categories', data: { name: 'old', slug: 'a' } });
  expect(await nameOf(payload, id)).toBe('old');
  api.faultOf = () => fault;
  for (let round = 0; round < 4; round++) {
    const name = `name ${round}`;
    await payload.update({ collection: 'categories', id, data: { name } });
    expect(await nameOf(payload, id)).toBe(name);
    const made = await payload.create({ collection: 'categories', data: { name, slug: `slug-${round}` } });
    expect(await nameOf(payload, made.id)).toBe(name);
    const { totalDocs } = await payload.find({ collection: 'categories', depth: 0 });
    expect(totalDocs).toBe(round + 2);
  }
}

test('A site starts and answers without what the API needs, and says once what it lacks', async () => {
  for (const name of ['ACCOUNT_ID', 'API_TOKEN', 'API_BASE_URL']) {
    vi.stubEnv(`CLOUDFLARE_${name}`, undefined);
    vi.stubEnv(`CF_${name}`, undefined);
  }
  const api = await startAPI();
  vi.stubEnv('PAYLOAD_KV_NAMESPACE_ID', api.namespaceId);
  const { payload, log } = await start({ api: { ...api, apiToken: '' }, patience: 150 });
  const { id } = await payload.create({ collection: 'categories', data: { name: 'old', slug: 'a' } });
  for (let time = 0; time < 3; time++) expect(await nameOf(payload, id)).toBe('old');
  await payload.update({ collection: 'categories', id, data: { name: 'new' } });
  expect(await nameOf(payload, id)).toBe('new');
  const [warning, ...others] = log.lines();
  expect(warning).toContain('apiToken (CLOUDFLARE_API_TOKEN)');
  expect(others).toEqual([]);
});
