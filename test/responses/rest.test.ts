import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cached, invalidateCache, settleCache } from '../../src/runtime/index.js';
import { type ResponseSite, responseCounts, startResponseSite } from '../support/responses.js';

let site: ResponseSite;
afterEach(() => site?.stop());

const idOf = async (collection: 'posts' | 'authors', number = 0): Promise<number> => {
  const { docs } = await site.payload.db.find<{ id: number }>({ collection, sort: 'id', limit: 10 });
  return docs[number]!.id;
};

describe('a response of REST', () => {
  beforeEach(async () => {
    site = await startResponseSite();
    // The first request starts Payload; its language is not asked for by then.
  });

  test('is answered from the cache until what it shows is written', async () => {
    const path = '/posts?depth=2&limit=3&sort=slug';
    const bare = await site.bare(path);
    const first = await site.get(path);
    expect(first.headers.get('x-payload-cache')).toBe('miss');
    const second = await site.get(path);
    expect(second.headers.get('x-payload-cache')).toBe('hit');
    expect(site.asked()).toBe(1);
    expect(second.status).toBe(200);
    expect(await second.text()).toBe(await bare.text());
    expect(Object.fromEntries(second.headers)).toMatchObject(Object.fromEntries(bare.headers));

    const { docs } = (await (await site.bare(path)).json()) as { docs: { author: { id: number } }[] };
    await site.payload.update({ collection: 'authors', id: docs[0]!.author.id, data: { name: 'Renamed' } });
    const third = await site.get(path);
    expect(third.headers.get('x-payload-cache')).toBe('miss');
    expect(await third.text()).toContain('Renamed');
    expect(await site.outcome(path)).toBe('hit');
    await site.payload.updateGlobal({ slug: 'header', data: {} });
    expect(await site.outcome(path)).toBe('hit');
    expect(responseCounts(site)).toMatchObject({ hits: 3, misses: 1, stale: 1 });
  });

  test.each(['/posts/{id}', '/posts/count', '/globals/header', '/posts/999999', '/authors?limit=2'])(
    'of %s is kept',
    async (pattern) => {
      const path = pattern.replace('{id}', String(await idOf('posts', 1)));
      const bare = await site.bare(path);
      expect(await site.outcome(path)).toBe('miss');
      const hit = await site.get(path);
      expect(hit.headers.get('x-payload-cache')).toBe('hit');
      expect(hit.status).toBe(bare.status);
      expect(await hit.text()).toBe(await bare.text());
    },
  );

  test('can be made stale with all others', async () => {
    expect(await site.outcome('/posts')).toBe('miss');
    expect(await site.outcome('/posts')).toBe('hit');
    await invalidateCache(site.payload, { namespace: 'http responses' });
    expect(await site.outcome('/posts')).toBe('miss');
  });

  test('is 304 for whoever has it', async () => {
    const first = await site.get('/posts?limit=2');
    const etag = first.headers.get('etag')!;
    expect(etag).toMatch(/^W\/"[\w-]{27}"$/);
    for (const header of [etag, `"other", ${etag}`, etag.slice(2), '*']) {
      const again = await site.get('/posts?limit=2', { headers: { 'if-none-match': header } });
      expect(again.status).toBe(304);
      expect(again.body).toBeNull();
      expect(again.headers.get('content-type')).toBeNull();
      expect(again.headers.get('etag')).toBe(etag);
    }
    expect(site.asked()).toBe(1);
    await site.payload.update({ collection: 'posts', id: await idOf('posts'), data: { title: 'New' } });
    const changed = await site.get('/posts?limit=9', { headers: { 'if-none-match': etag } });
    expect(changed.status).toBe(200);
  });

  test.each(['200', '304'])(
    'of status %s is what a function or a page around it depends on',
    async (status) => {
      const path = '/posts?limit=2&sort=id';
      const etag = (await site.get(path)).headers.get('etag')!;
      let runs = 0;
      const outer = () =>
        cached(
          async () => {
            runs += 1;
            const response = await site.get(
              path,
              status === '304' ? { headers: { 'if-none-match': etag } } : {},
            );
            expect([String(response.status), response.headers.get('x-payload-cache')]).toEqual([
              runs === 1 ? status : '200',
              runs === 1 ? 'hit' : 'miss',
            ]);
            return response.headers.get('etag');
          },
          { key: [path], payload: site.payload },
        );
      await outer();
      await settleCache(site.payload);
      await outer();
      expect(runs).toBe(1);
      await site.payload.update({ collection: 'posts', id: await idOf('posts'), data: { title: 'New' } });
      expect(await outer()).not.toBe(etag);
      expect(runs).toBe(2);
    },
  );
});
