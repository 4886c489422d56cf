import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { invalidateCache, settleCache } from '../../src/runtime/index.js';
import { purgeCloudflare, purgeFastly, purgeVercel } from '../../src/runtime/responses.js';
import { type ResponseSite, startResponseSite } from '../support/responses.js';

interface Asked {
  url: string;
  headers: Record<string, string | string[] | undefined>;
  body: { tags?: string[]; surrogate_keys?: string[] };
}

const SECRET = 'secret-token-of-the-network';
const VARIABLES = {
  CLOUDFLARE_ZONE_ID: 'zone/1',
  CLOUDFLARE_PURGE_TOKEN: SECRET,
  FASTLY_SERVICE_ID: 'service1',
  FASTLY_API_TOKEN: SECRET,
  VERCEL_PROJECT_ID: 'shop',
  VERCEL_TEAM_ID: 'team1',
  VERCEL_PURGE_TOKEN: SECRET,
};

const NETWORKS = {
  cloudflare: {
    hook: purgeCloudflare,
    url: '/zones/zone%2F1/purge_cache',
    header: ['authorization', `Bearer ${SECRET}`],
    most: 100,
  },
  fastly: {
    hook: purgeFastly,
    url: '/service/service1/purge',
    header: ['fastly-key', SECRET],
    most: 256,
  },
  vercel: {
    hook: purgeVercel,
    url: '/v1/edge-cache/dangerously-delete-by-tags?projectIdOrName=shop&teamId=team1',
    header: ['authorization', `Bearer ${SECRET}`],
    most: 100,
  },
} as const;

let site: ResponseSite | undefined;
let apiUrl: string;
let asked: Asked[];
/** What the API answers, in turn; 200 from then on. */
let answers: (number | 'reset')[];
let logged: string[];
let stopApi: () => void;

beforeEach(async () => {
  for (const [name, value] of Object.entries(VARIABLES)) vi.stubEnv(name, value);
  asked = [];
  answers = [];
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    asked.push({
      url: incoming.url!,
      headers: incoming.headers,
      body: JSON.parse(Buffer.concat(chunks).toString()) as Asked['body'],
    });
    const answer = answers.shift() ?? 200;
    if (answer === 'reset') {
      incoming.socket.destroy();
      return;
    }
    outgoing.writeHead(answer, answer === 429 ? { 'retry-after': '0' } : {});
    // An API may say in its error what it was sent.
    outgoing.end(
      JSON.stringify({ success: answer === 200, errors: [{ message: `not allowed: ${SECRET}` }] }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  stopApi = () => {
    server.close();
    server.closeAllConnections();
  };
});
afterEach(async () => {
  await site?.stop();
  site = undefined;
  stopApi();
  vi.unstubAllEnvs();
});

async function start(network: keyof typeof NETWORKS, url = apiUrl): Promise<void> {
  logged = [];
  const tags = { cdn: { maxAge: '1h', swr: '1d', tags: network } } as const;
  site = await startResponseSite({
    policy: tags,
    options: { hooks: { all: NETWORKS[network].hook({ apiUrl: url }) } },
  });
  // What the seed wrote was told as well.
  await settleCache(site.payload, 20_000);
  asked = [];
  for (const level of ['warn', 'error'] as const)
    site.payload.logger[level] = ((...args: unknown[]) => {
      logged.push(args.map((one) => JSON.stringify(one) ?? '').join(' '));
    }) as never;
}

const sent = (): string[] => asked.flatMap(({ body }) => body.tags ?? body.surrogate_keys ?? []);
const HEADER = { cloudflare: 'cache-tag', fastly: 'surrogate-key', vercel: 'vercel-cache-tag' };

describe.each(Object.keys(NETWORKS) as (keyof typeof NETWORKS)[])('%s', (network) => {
  const { url, header } = NETWORKS[network];

  test('deletes what a write has made stale, and nothing else', async () => {
    await start(network);
    const { docs } = await site!.payload.find({ collection: 'posts', depth: 0, sort: 'id', limit: 2 });
    const [one, other] = docs.map(({ id }) => id);
    const tagsOf = async (path: string): Promise<string[]> => {
      const response = await site!.get(path);
      expect(response.headers.get('cache-control')).toBe(
        'public, max-age=0, s-maxage=3600, stale-while-revalidate=86400',
      );
      return response.headers.get(HEADER[network])!.split(/[ ,]/);
    };
    const [ofOne, ofOther] = [await tagsOf(`/posts/${one}?depth=0`), await tagsOf(`/posts/${other}?depth=0`)];
    await settleCache(site!.payload);
    asked = [];
    await site!.payload.update({ collection: 'posts', id: one!, data: { title: 'New' } });
    await settleCache(site!.payload);
    expect(asked.length).toBeGreaterThan(0);
    for (const each of asked) {
      expect(each.url).toBe(url);
      expect(each.headers[header[0]]).toBe(header[1]);
    }
    expect(ofOne.some((tag) => sent().includes(tag))).toBe(true);
    expect(ofOther.filter((tag) => sent().includes(tag))).toEqual([]);

    asked = [];
    await invalidateCache(site!.payload, { collection: 'posts' });
    await settleCache(site!.payload);
    expect(ofOther.some((tag) => sent().includes(tag))).toBe(true);
    expect(logged).toEqual([]);
  });
});

test('a network that does not answer is asked again, and no write waits for it', async () => {
  await start('cloudflare');
  answers = [429, 500, 'reset'];
  await invalidateCache(site!.payload, { tags: ['weather'] });
  expect(asked.length).toBeLessThan(4);
  await settleCache(site!.payload, 30_000);
  expect(asked).toHaveLength(4);
  expect(new Set(asked.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  expect(logged).toEqual([]);
});

test.each([
  [
    'it refuses',
    () => {
      answers = [403];
    },
    /Cloudflare could not be told of a write \(it answered with status 403\)/,
  ],
  [
    'there is no token',
    () => {
      vi.stubEnv('CLOUDFLARE_PURGE_TOKEN', '');
    },
    /set CLOUDFLARE_PURGE_TOKEN/,
  ],
])('where %s the log says what to do once, and holds no secret', async (_case, prepare, message) => {
  await start('cloudflare');
  prepare();
  for (const tag of ['one', 'two', 'three']) {
    await invalidateCache(site!.payload, { tags: [tag] });
    await settleCache(site!.payload);
    if (answers.length === 0 && _case === 'it refuses') answers = [403];
  }
  expect(logged.filter((line) => message.test(line))).toHaveLength(1);
  expect(logged.join('\n')).not.toContain(SECRET);
});

test('more tags than a request takes go with several', async () => {
  await start('cloudflare');
  const tags = Array.from({ length: 250 }, (_one, index) => `tag ${index}`);
  await invalidateCache(site!.payload, { tags });
  await settleCache(site!.payload);
  expect(asked.map(({ body }) => body.tags!.length)).toEqual([100, 100, 50]);
  expect(new Set(sent()).size).toBe(250);
});

test('an address that is none is refused', () => {
  expect(() => purgeFastly({ apiUrl: 'api.fastly.com' })).toThrow(/address of Fastly's API/);
});
