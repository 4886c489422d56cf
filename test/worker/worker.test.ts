import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { comparable, crowd, PUBLIC_PAGES, visit } from '../site/pages.js';
import { type RunningSite, signIn } from '../support/site.js';
import { builtWorker } from '../support/site-build.js';
import { startWorker, workerSize } from '../support/worker.js';

// Each Worker is built anew, which takes minutes: `npm run test:worker`, no part of `npm test`.
vi.setConfig({ hookTimeout: 1_800_000, testTimeout: 300_000 });

/** What is cached in KV is there when the answer has been sent, not before. */
const STORED = 500;
const sizes: Record<string, number> = {};

afterAll(() => {
  for (const [registry, size] of Object.entries(sizes)) {
    console.log(
      `the Worker, compressed: ${size} KiB with ${registry}, ${(size - sizes.none!).toFixed(1)} more`,
    );
  }
});

test('without a cache the Worker answers', async () => {
  const built = await builtWorker('none', (step) => console.log(step));
  sizes.none = await workerSize(built);
  const site = await startWorker(built);
  try {
    for (const page of PUBLIC_PAGES) await visit(site.url, page);
  } finally {
    await site.stop();
  }
});

describe.each(['durable-object', 'kv'] as const)('with entries in KV and versions in %s', (registry) => {
  let site: RunningSite;
  let cookie: string;

  beforeAll(async () => {
    const built = await builtWorker(registry, (step) => console.log(step));
    sizes[registry] = await workerSize(built);
    site = await startWorker(built);
    cookie = await signIn(site.url);
  });
  afterAll(() => site?.stop());

  const text = (path: string) => visit(site.url, { name: path, path });
  const change = async (path: string, body: object, method = 'PATCH') => {
    const headers = { 'content-type': 'application/json', cookie };
    const response = await fetch(`${site.url}/api/${path}`, { method, headers, body: JSON.stringify(body) });
    expect(response.status, await response.clone().text()).toBeLessThan(300);
  };

  test.each(PUBLIC_PAGES)('$name: no statement once it is warm', async (page) => {
    const cold = comparable(await visit(site.url, page));
    await sleep(STORED);
    expect(comparable(await visit(site.url, page))).toBe(cold);
    await sleep(STORED);
    await site.takeCalls();
    await visit(site.url, page);
    expect((await site.takeCalls()).filter(({ statements }) => statements.length > 0)).toEqual([]);
  });

  test('what is edited is new on each page that shows it', async () => {
    const shown = ['/dynamic', '/dynamic/posts/charts-62', '/api/posts?limit=10&depth=2'];
    for (const path of shown) await text(path);
    const { docs } = JSON.parse(await text('/api/posts?where[slug][equals]=charts-62&depth=1'));
    await change(`posts/${docs[0].id}`, { title: 'Charts, redrawn', _status: 'published' });
    await change(`users/${docs[0].authors[0].id}`, { name: 'Zoe Renamed' });
    for (const path of shown) {
      expect(await text(path)).toContain('Charts, redrawn');
      expect(await text(path)).toContain('Zoe Renamed');
    }
    await change('globals/header', { title: 'Pier Notes' }, 'POST');
    expect(await text('/search?q=charts')).toContain('Pier Notes');
  });

  test('clients that go away, and eight at a time, leave it as it was', async () => {
    await crowd(site.url, 5);
    expect(site.log()).not.toMatch(/\[wrangler:error\]|unhandled/i);
  });
});
