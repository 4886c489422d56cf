import { Miniflare } from 'miniflare';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { workerBundle } from '../support/worker-bundle.js';
import { stubPayload } from './stub-payload.js';

let miniflare: Miniflare;
let address: URL;

beforeAll(async () => {
  const script = await workerBundle({
    entryPoints: ['test/workerd/responses-worker.ts'],
    plugins: [stubPayload],
  });
  miniflare = new Miniflare({
    modules: true,
    script,
    compatibilityDate: '2026-04-01',
    compatibilityFlags: ['nodejs_compat', 'enable_request_signal'],
    cf: { colo: 'MUC' },
  });
  address = await miniflare.ready;
});
afterAll(() => miniflare?.dispose());

interface Answer {
  outcome: string | null;
  found: unknown;
  number: number;
}

async function get(page: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
  const response = await fetch(new URL(page, address), {
    headers: { ...type, ...headers },
    ...(body === undefined ? {} : { method: 'POST', body }),
  });
  if (!response.ok) throw new Error(await response.text());
  const outcome = response.headers.get('x-payload-cache');
  return { outcome, ...((await response.json()) as Omit<Answer, 'outcome'>) };
}

const ofTenant = (page: string, tenant: string) => get(page, { 'x-tenant': tenant, 'x-other': tenant });

describe('a response in workerd', () => {
  test('is answered from the cache until what it has read is written', async () => {
    const first = await get('/nothing');
    expect(first.outcome).toBe('miss');
    // What nobody reads makes no difference.
    expect(await ofTenant('/nothing', 'a')).toEqual({ ...first, outcome: 'hit' });
    await fetch(new URL('/write?text=second', address));
    const second = await get('/nothing');
    expect(second).toMatchObject({ outcome: 'miss', post: { text: 'second' } });
  });

  test('is 304 for whoever has it', async () => {
    const first = await fetch(new URL('/nothing?304', address));
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^W\/"/);
    const again = await fetch(new URL('/nothing?304', address), { headers: { 'if-none-match': etag } });
    expect([again.status, again.headers.get('x-payload-cache'), await again.text()]).toEqual([
      304,
      'hit',
      '',
    ]);
  });

  test.each(['/header', '/clone'])(
    'of a handler that reads a header has an entry for each value: %s',
    async (page) => {
      // The first says that it is read.
      expect(await ofTenant(page, 'a')).toMatchObject({ outcome: 'miss (request-read)', found: 'a' });
      for (const tenant of ['a', 'b', 'c'])
        expect(await ofTenant(page, tenant)).toMatchObject({ outcome: 'miss', found: tenant });
      for (const tenant of ['c', 'a', 'b'])
        expect(await ofTenant(page, tenant)).toMatchObject({ outcome: 'hit', found: tenant });
    },
  );

  test.each(['/spread', '/cf'])(
    'of a handler that reads what no key can hold is not stored: %s',
    async (page) => {
      const numbers = new Set<number>();
      for (const tenant of ['a', 'a', 'b']) {
        const { outcome, found, number } = await ofTenant(page, tenant);
        expect(outcome).toBe('miss (request-read)');
        if (page === '/cf') expect(found).toBe('MUC');
        else expect(found).toMatchObject({ 'x-tenant': tenant });
        numbers.add(number);
      }
      expect(numbers.size).toBe(3);
    },
  );

  test('of a handler that copies its request has nothing of one visitor for another', async () => {
    for (const tenant of ['a', 'b', 'a']) expect((await ofTenant('/copy', tenant)).found).toBeNull();
    for (const tenant of ['a', 'b', 'a', 'b']) {
      const { found } = await ofTenant('/copy-and-read', tenant);
      // The first copy is made before it is known that the header is read.
      expect([
        [tenant, tenant, null],
        [tenant, null, null],
      ]).toContainEqual(found);
    }
    expect(await ofTenant('/copy-and-read', 'b')).toMatchObject({ outcome: 'hit', found: ['b', 'b', null] });
  });

  test.each([
    ['', '/graphql'],
    [' by a request of Next in a Worker of OpenNext', '/graphql/next'],
  ])('of GraphQL is found by what is asked in the body, which is left for the handler%s', async (_, page) => {
    const ask = (query: string, variables = {}) => get(page, {}, JSON.stringify({ query, variables }));
    expect(await ask('{ post }')).toMatchObject({
      outcome: 'miss',
      found: ['{ post }', { query: '{ post }' }],
    });
    const again = await ask('{\n  post # the same\n}');
    expect(again).toMatchObject({ outcome: 'hit', found: ['{ post }', { query: '{ post }' }] });
    expect(await ask('{ post }', { a: 1 })).toMatchObject({ outcome: 'miss' });
    expect(await ask('{ other }')).toMatchObject({ outcome: 'miss', found: ['{ other }', {}] });
    expect(await ask('mutation { post }')).toMatchObject({ outcome: 'bypass (graphql)' });
    expect(await get(page, { authorization: 'x' }, '{"query":"{ post }"}')).toMatchObject({
      outcome: 'bypass (credentials)',
    });
  });
});
