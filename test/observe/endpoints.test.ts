import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getCacheStats, settleCache } from '../../src/runtime/index.js';
import { signedHeaders } from '../../src/runtime/observe/signature.js';
import { type ObservedSite, SECRET, startObservedSite } from './site.js';

let site: ObservedSite;
let ids: (string | number)[];

beforeAll(async () => {
  site = await startObservedSite();
  const { docs } = await site.payload.find({ collection: 'posts', sort: 'id', depth: 0 });
  ids = docs.map(({ id }) => id);
});
afterAll(() => site?.stop());

const errorOf = async (response: Response): Promise<{ code: string; message: string; nextStep: string }> =>
  ((await response.json()) as { error: { code: string; message: string; nextStep: string } }).error;

/** Reads a post, and says whether the cache had it. */
async function outcomeOf(id: string | number): Promise<'hit' | 'miss'> {
  const hits = (): number => getCacheStats(site.payload)?.collections.posts?.hits ?? 0;
  const before = hits();
  await site.payload.findByID({ collection: 'posts', id, depth: 0 });
  await settleCache(site.payload);
  return hits() > before ? 'hit' : 'miss';
}

const purge = (target: unknown, dryRun?: boolean): Promise<Response> =>
  site.askSigned('/purge', { target, ...(dryRun === undefined ? {} : { dryRun }) });

describe('who may ask', () => {
  const paths = ['/health', '/stats'];

  test.each(paths)('%s is closed to those who are not signed in', async (path) => {
    const response = await site.ask(path);
    expect(response.status).toBe(401);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await errorOf(response)).toMatchObject({ code: 'NOT_SIGNED_IN', nextStep: expect.any(String) });
  });

  test.each(paths)('%s answers editors, by header, API key and cookie, and signed requests', async (path) => {
    for (const headers of [site.editor, site.apiKey, { cookie: site.cookie }]) {
      const response = await site.ask(path, { headers });
      expect(response.status).toBe(200);
      expect(response.headers.get('cache-control')).toBe('no-store');
    }
    expect((await site.askSigned(path)).status).toBe(200);
  });

  test('users of another collection are refused, whatever its own access says', async () => {
    for (const path of paths) expect((await site.ask(path, { headers: site.customer })).status).toBe(403);
  });
});

describe('purge', () => {
  test.each<[string, () => unknown]>([
    ['a collection', () => ({ collection: 'posts' })],
    ['a document', () => ({ collection: 'posts', id: ids[0]! })],
    ['everything', () => 'everything'],
    ['keys', () => ({ prefix: 'posts:' })],
    ['keys as they stand in the store', () => ({ prefix: 'payload-cache:posts:' })],
  ])('of %s makes stale what depends on it, after a dry run that counts', async (_name, target) => {
    await outcomeOf(ids[0]!);
    expect(await outcomeOf(ids[0]!)).toBe('hit');
    const dry = await purge(target(), true);
    expect(dry.status).toBe(200);
    const counted = (await dry.json()) as { entries: number };
    expect(counted).toMatchObject({ ok: true, dryRun: true, target: expect.anything() });
    expect(counted.entries).toBeGreaterThan(0);
    expect(await outcomeOf(ids[0]!)).toBe('hit');

    const done = await purge(target());
    expect(await done.json()).toMatchObject({ ok: true, dryRun: false, entries: null });
    expect(await (await purge(target(), true)).json()).toMatchObject({ entries: 0 });
    expect(await outcomeOf(ids[0]!)).toBe('miss');
  });
});

test('a signature is of one request', async () => {
  const headers = await signedHeaders({ secret: SECRET, method: 'GET', path: '/payload-cache/stats' });
  expect((await site.ask('/stats', { headers })).status).toBe(200);
  expect((await site.ask('/stats', { headers })).status).toBe(403);
});
