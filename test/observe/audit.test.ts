import { hostname, userInfo } from 'node:os';
import { afterEach, expect, test, vi } from 'vitest';
import {
  type CacheEvent,
  invalidateCache,
  namespace,
  type PayloadKVOptions,
  type PurgeRecord,
} from '../../src/runtime/index.js';
import { command } from '../cli/command.js';
import { startRest } from '../support/rest.js';
import { type ObservedSite, SECRET, startObservedSite } from './site.js';

let site: ObservedSite | undefined;
afterEach(async () => {
  vi.unstubAllEnvs();
  await site?.stop();
  site = undefined;
});

async function start(cache: Partial<PayloadKVOptions> = {}) {
  const purges: PurgeRecord[] = [];
  const events: CacheEvent[] = [];
  site = await startObservedSite({
    seed: 2,
    cache: {
      audit: (purge) => void purges.push(purge),
      onEvent: (event) => void (event.type === 'purge' && events.push(event)),
      ...cache,
    },
  });
  return { site, purges, events };
}

/** As a user of the admin panel: what its buttons send. */
const asEditor = (on: ObservedSite, target: unknown) =>
  on.ask('/purge', {
    method: 'POST',
    headers: { ...on.editor, 'content-type': 'application/json' },
    body: JSON.stringify({ target, by: 'somebody else' }),
  });

const idOfEditor = async (on: ObservedSite) => (await on.payload.find({ collection: 'users' })).docs[0]!.id;

test('Code, a namespace, an editor and a terminal are each told by who they are', async () => {
  const { site, purges, events } = await start();
  const { payload } = site;
  await invalidateCache(payload, { tags: ['rates', 'weather'] }, { by: 'nightly import' });
  await invalidateCache(payload, { prefix: 'posts' });
  await namespace('prices', { payload }).clear();
  await namespace('prices', { payload }).delete(['a secret of the key']);
  expect((await asEditor(site, { collection: 'posts', id: 1 })).status).toBe(200);
  await site.askSigned('/purge', { target: 'everything', by: 'ana@laptop' });
  await site.askSigned('/purge', { target: { global: 'header' }, dryRun: true });
  const editor = { kind: 'user', collection: 'users', id: await idOfEditor(site) };
  const time = expect.any(Number);
  expect(purges).toEqual([
    {
      time,
      target: { tags: ['rates', 'weather'] },
      by: { kind: 'code', name: 'nightly import' },
      outcome: 'done',
      tags: 2,
    },
    { time, target: { prefix: 'posts' }, by: { kind: 'code' }, outcome: 'done', tags: 0 },
    { time, target: { namespace: 'prices' }, by: { kind: 'code' }, outcome: 'done', tags: 1 },
    {
      time,
      target: { namespace: 'prices', key: expect.stringMatching(/^[\w-]{43}$/) },
      by: { kind: 'code' },
      outcome: 'done',
      tags: 1,
    },
    { time, target: { collection: 'posts', id: 1 }, by: editor, outcome: 'done', tags: expect.any(Number) },
    {
      time,
      target: 'everything',
      by: { kind: 'terminal', name: 'ana@laptop' },
      outcome: 'done',
      tags: expect.any(Number),
    },
  ]);
  expect(purges.at(-1)!.tags).toBeGreaterThan(10);
  expect(JSON.stringify([purges, events])).not.toMatch(/secret of the key|a-long-password|only-for-tests/);
  expect(events.map(({ target, by, outcome, count }) => [target, by, outcome, count])).toEqual(
    purges.map(({ target, outcome, tags }) => [JSON.stringify(target), expect.any(String), outcome, tags]),
  );
  expect(events[4]).toMatchObject({ subject: 'collection', name: 'posts', by: `users ${editor.id}` });
  expect(events[0]?.by).toBe('code "nightly import"');
});

test('What is refused is told with the reason: by access, by rate, by the limit of the endpoint', async () => {
  const { site, purges } = await start({
    access: { purge: { namespaces: ['prices'] } },
    rateLimit: { namespaces: { prices: { purge: { perMinute: 1 } } } },
  });
  const refused = await asEditor(site, { collection: 'posts' });
  expect(refused.status).toBe(403);
  expect(await refused.json()).toMatchObject({
    error: { code: 'ACCESS_DENIED', nextStep: expect.stringContaining('access.purge') },
  });
  await expect(invalidateCache(site.payload, 'everything', { by: 'import' })).rejects.toThrow();
  await namespace('prices', { payload: site.payload }).clear();
  const often = await asEditor(site, { namespace: 'prices' });
  expect([often.status, often.headers.get('retry-after')]).toEqual([429, '60']);
  expect(purges.map(({ outcome, reason, tags }) => [outcome, reason, tags])).toEqual([
    ['refused', 'ACCESS_DENIED', 0],
    ['refused', 'ACCESS_DENIED', 0],
    ['done', undefined, 1],
    ['refused', 'RATE_LIMITED', 0],
  ]);
  let last = 0;
  for (let asked = 0; asked < 40 && last !== 429; asked++)
    last = (await site.askSigned('/purge', { target: { tags: ['x'] }, by: 'ana@laptop' })).status;
  expect(last).toBe(429);
  expect(purges.at(-1)).toMatchObject({
    target: { tags: ['x'] },
    by: { kind: 'terminal', name: 'ana@laptop' },
    outcome: 'refused',
    reason: 'TOO_MANY_REQUESTS',
  });
});

test('The lines of the log have the form that the documents say, and stay one line each', async () => {
  const { site } = await start({
    audit: true,
    access: { purge: { collections: ['posts'], globals: ['header'] } },
  });
  site.log.clear();
  await invalidateCache(site.payload, { collection: 'posts' }, { by: 'night\n[err] forged' });
  await asEditor(site, { global: 'header' });
  await site.askSigned('/purge', { target: { namespace: 'prices' }, by: 'ana@laptop' });
  expect(site.log.lines(30)).toEqual([
    'payload-kv: purge of {"collection":"posts"} by code "night\\n[err] forged": done',
    `payload-kv: purge of {"global":"header"} by users ${await idOfEditor(site)}: done`,
    'payload-kv: purge of {"namespace":"prices"} by a signed request of "ana@laptop": refused (ACCESS_DENIED)',
  ]);
});

test('A hook that fails fails nothing, and is logged', async () => {
  const { site } = await start({
    audit: async () => {
      throw new Error('no disk');
    },
  });
  site.log.clear();
  await invalidateCache(site.payload, { collection: 'posts' });
  await expect.poll(() => site.log.lines(50)).toEqual(['payload-kv: the hook `audit` failed']);
});

test('The command says who types it, and hears of a refusal what the site says', async () => {
  const { site, purges } = await start({ access: { purge: { collections: ['posts'] } } });
  const rest = await startRest(site);
  try {
    vi.stubEnv('PAYLOAD_SECRET', SECRET);
    const url = rest.url.replace(/\/api$/, '');
    expect((await command(['purge', 'posts', '--url', url, '--yes'])).exitCode).toBe(0);
    expect(purges.at(-1)).toMatchObject({
      outcome: 'done',
      by: { kind: 'terminal', name: `${userInfo().username}@${hostname()}` },
    });
    const refused = await command(['purge', '--all', '--url', url, '--yes', '--json']);
    expect(refused.exitCode).not.toBe(0);
    expect(JSON.parse(refused.stdout)).toMatchObject({
      ok: false,
      error: { code: 'ACCESS_DENIED', nextStep: expect.stringContaining('access.purge') },
    });
    expect(purges.at(-1)).toMatchObject({
      outcome: 'refused',
      reason: 'ACCESS_DENIED',
      target: 'everything',
    });
  } finally {
    await rest.stop();
  }
});
