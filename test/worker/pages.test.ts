import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type RunningSite, signIn } from '../support/site.js';
import { builtPagesWorker, type PagesWorker } from '../support/site-build.js';
import { startWorker } from '../support/worker.js';

// Each Worker is built anew, which takes minutes: `npm run test:worker`, no part of `npm test`.
vi.setConfig({ hookTimeout: 1_800_000, testTimeout: 300_000 });

/** What is kept in KV is there when the answer has been sent, not before. */
const STORED = 500;
/** Longer than a version is remembered in the isolate. */
const FORGOTTEN = 11_000;

const WORKERS: [name: string, PagesWorker][] = [
  ['pages in KV and versions in kv', { pages: 'kv', registry: 'kv' }],
  ['pages in KV and versions in durable-object', { pages: 'kv', registry: 'durable-object' }],
  [
    'pages in R2, intercepted, and versions in durable-object',
    { pages: 'r2', registry: 'durable-object', isIntercepted: true, hasUseCache: true },
  ],
];

describe.each(WORKERS)('%s', (name, worker) => {
  let site: RunningSite;
  let cookie: string;

  beforeAll(async () => {
    const built = await builtPagesWorker(worker, (step) => console.log(step));
    site = await startWorker(built);
  });
  afterAll(() => site?.stop());

  /** When, and by which render, a page was made. */
  const rendering = async (path: string): Promise<string> => {
    const response = await fetch(site.url + path);
    const text = await response.text();
    expect(response.status, text).toBe(200);
    const made = /data-rendered="([^"]+)"/.exec(text)?.[1];
    if (!made) throw new Error(`${path} does not say when it was rendered:\n${text}`);
    await sleep(STORED);
    return made;
  };
  const postOf = async (query: string) => {
    const response = await fetch(`${site.url}/api/posts?${query}&depth=0`);
    return ((await response.json()) as { docs: { id: number; title: string }[] }).docs[0]!;
  };
  const change = async (path: string, body: object, method = 'PATCH'): Promise<void> => {
    const headers = { 'content-type': 'application/json', cookie };
    const response = await fetch(`${site.url}/api/${path}`, { method, headers, body: JSON.stringify(body) });
    expect(response.status, await response.clone().text()).toBeLessThan(300);
  };
  const operations = async (): Promise<Record<string, number>> => {
    const response = await fetch(`${site.url}/round-trips`);
    const text = await response.text();
    expect(response.status, text).toBe(200);
    return (JSON.parse(text) as { operations: Record<string, number> }).operations;
  };
  /** What the cache asked for one page view. */
  const asked = async (path: string): Promise<Record<string, number>> => {
    const before = await operations();
    await rendering(path);
    const after = await operations();
    return Object.fromEntries(
      Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)]),
    );
  };

  test('a page is rendered until Payload has started in the isolate, and then kept', async () => {
    const rendered = [];
    for (let view = 0; view < 5; view++) rendered.push(await rendering('/posts/charts-62'));
    console.log(`renders of five views of a Worker just started, ${name}: ${new Set(rendered).size}`);
    expect(new Set(rendered.slice(-3)).size).toBe(1);
    cookie = await signIn(site.url);
  });

  test('a page is rendered once more when what it shows is edited, and not when something else is', async () => {
    const [own, other] = [
      await postOf('where[slug][equals]=charts-62'),
      await postOf('where[slug][equals]=birds-10'),
    ];
    const first = await rendering('/posts/charts-62');
    expect(await rendering('/posts/charts-62')).toBe(first);
    await change(`posts/${own.id}`, { title: 'Charts, redrawn', _status: 'published' });
    const second = await rendering('/posts/charts-62');
    expect(second).not.toBe(first);
    expect(await (await fetch(`${site.url}/posts/charts-62`)).text()).toContain('Charts, redrawn');
    expect(await rendering('/posts/charts-62')).toBe(second);
    await change(`posts/${other.id}`, { title: 'Another', _status: 'published' });
    expect(await rendering('/posts/charts-62')).toBe(second);
  });

  test('each page is rendered once more when a post that the header links to is edited', async () => {
    const linked = await postOf('sort=id&limit=1');
    for (const title of ['Linked', 'Linked, too']) {
      const first = await rendering('/posts/charts-62');
      await change(`posts/${linked.id}`, { title, _status: 'published' });
      const second = await rendering('/posts/charts-62');
      expect(second).not.toBe(first);
      expect(await rendering('/posts/charts-62')).toBe(second);
    }
  });

  test('an address leads elsewhere as soon as its redirect is edited', async () => {
    const target = async () => {
      const { headers } = await fetch(`${site.url}/old`, { redirect: 'manual' });
      await sleep(STORED);
      return headers.get('location');
    };
    const [first] = [await target(), await target()];
    expect(first).toMatch(/\/about$/);
    await change('redirects/1', { to: { type: 'custom', url: '/posts' } });
    expect(await target()).toMatch(/\/posts$/);
    expect(await target()).toMatch(/\/posts$/);
  });

  test.runIf(worker.isIntercepted)('a page that is kept is served without the server of Next', async () => {
    const served = async () => (await fetch(`${site.url}/posts/charts-62`)).headers.get('x-opennext-cache');
    await rendering('/posts/charts-62');
    expect(await served()).toBe('HIT');
    await change(`posts/${(await postOf('where[slug][equals]=charts-62')).id}`, { _status: 'published' });
    expect(await served()).not.toBe('HIT');
  });

  test.runIf(worker.hasUseCache)(
    "what a function with 'use cache' has made is kept until what it read is edited",
    async () => {
      const made = async () => {
        const text = await (await fetch(`${site.url}/digest`)).text();
        await sleep(STORED);
        return /data-made="([^"]+)"/.exec(text)?.[1];
      };
      const [, first] = [await made(), await made()];
      expect(first).toBeDefined();
      expect(await made()).toBe(first);
      await change(`posts/${(await postOf('where[slug][equals]=boats-1')).id}`, {
        title: 'Boats, ashore',
        _status: 'published',
      });
      const second = await made();
      expect(second).not.toBe(first);
      expect(await made()).toBe(second);
    },
  );

  test('what the site revalidates is rendered once more', async () => {
    const first = await rendering('/posts/charts-62');
    await fetch(`${site.url}/revalidations?path=/posts/charts-62`, { method: 'POST' });
    const second = await rendering('/posts/charts-62');
    expect(second).not.toBe(first);
    expect(await rendering('/posts/charts-62')).toBe(second);
  });

  test('a page view asks the registry once at most, and the store of entries never', async () => {
    await rendering('/posts/charts-62');
    const soon = await asked('/posts/charts-62');
    await sleep(FORGOTTEN);
    const later = await asked('/posts/charts-62');
    console.log(`round trips of a page view, ${name}: ${JSON.stringify({ soon, later })}`);
    for (const one of [soon, later]) {
      expect(one).toMatchObject({ storeReads: 0, storeWrites: 0, registryReplacements: 0 });
      expect(one.registryReads).toBeLessThanOrEqual(1);
    }
  });
});
