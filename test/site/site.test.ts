import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { hasBrowser, startBrowser } from '../support/browser.js';
import { isRegistryReachable } from '../support/package-registry.js';
import { type RunningSite, SITE_PASSWORD, signIn, startSite } from '../support/site.js';
import { type BuiltSite, builtSite } from '../support/site-build.js';
import { ADMIN_PAGES, comparable, crowd, PUBLIC_PAGES, visit } from './pages.js';

// The first run on a machine installs and builds the site.
vi.setConfig({ hookTimeout: 1_200_000, testTimeout: 300_000 });

const canBuild = await isRegistryReachable();

describe.skipIf(!canBuild)('a Next site with Payload (needs the registry of packages)', () => {
  let built: BuiltSite;
  let plain: RunningSite;
  let site: RunningSite;
  let cookie: string;

  beforeAll(async () => {
    built = await builtSite();
    plain = await startSite(built, { PAYLOAD_KV_ENABLED: 'false' });
    site = await startSite(built);
    cookie = await signIn(site.url);
  });
  afterAll(async () => {
    await plain?.stop();
    await site?.stop();
  });

  const json = { 'content-type': 'application/json' };
  const change = async (path: string, body: object, method = 'PATCH') => {
    const headers = { ...json, cookie };
    const response = await fetch(`${site.url}/api/${path}`, { method, headers, body: JSON.stringify(body) });
    expect(response.status, await response.clone().text()).toBeLessThan(300);
    return response.json();
  };
  const text = async (path: string) => visit(site.url, { name: path, path });
  const postOf = async (slug: string) =>
    JSON.parse(await text(`/api/posts?where[slug][equals]=${slug}&depth=0`)).docs[0] as { id: number };

  test('is wired by init, users too, without their secrets', () => {
    expect(built.wiring).toMatch(
      /cached +categories, media, pages, posts, redirects, search, users, footer, header/,
    );
    expect(built.wiring).toContain('`users` has auth and is cached without its secrets');
  });

  test.each(PUBLIC_PAGES)(
    '$name: the same as without the cache, and no statement once it is warm',
    async (page) => {
      const without = await visit(plain.url, page);
      for (const _visit of ['cold', 'warm'])
        expect(comparable(await visit(site.url, page))).toBe(comparable(without));
      await site.takeCalls();
      await visit(site.url, page);
      expect((await site.takeCalls()).filter(({ statements }) => statements.length > 0)).toEqual([]);
    },
  );

  test.each(ADMIN_PAGES)(
    '$name: shown as without the cache, and only the session and locks are asked for',
    async (page) => {
      const other = await signIn(plain.url);
      for (const _visit of ['cold', 'warm']) await visit(site.url, page, cookie);
      expect(headings(await visit(site.url, page, cookie))).toEqual(
        headings(await visit(plain.url, page, other)),
      );
      await site.takeCalls();
      await visit(site.url, page, cookie);
      const asked = (await site.takeCalls()).map(({ operation, slug }) => `${operation} ${slug}`);
      expect(asked).not.toHaveLength(0);
      const needed = ['findOne users', 'find payload-locked-documents'];
      expect(asked.filter((call) => !needed.includes(call))).toEqual([]);
    },
  );

  test('what is edited is new on each page that shows it', async () => {
    const shown = ['/dynamic', '/dynamic/posts/charts-62', '/search?q=charts', '/api/posts?limit=10&depth=2'];
    for (const path of shown) await text(path);

    const { id } = await postOf('charts-62');
    await change(`posts/${id}`, { title: 'Charts, redrawn', _status: 'published' });
    for (const path of shown) expect(await text(path)).toContain('Charts, redrawn');

    const { docs } = JSON.parse(await text('/api/posts?where[slug][equals]=charts-62&depth=1'));
    await change(`users/${docs[0].authors[0].id}`, { name: 'Zoe Renamed' });
    for (const path of ['/dynamic', '/dynamic/posts/charts-62', '/api/posts?limit=10&depth=2'])
      expect(await text(path)).toContain('Zoe Renamed');

    await change('globals/header', { title: 'Pier Notes' }, 'POST');
    for (const path of ['/dynamic', '/dynamic/posts/charts-62', '/search?q=charts'])
      expect(await text(path)).toContain('Pier Notes');
  });

  test('a draft is for editors alone, and a preview of it fills nothing that others are shown', async () => {
    const { id } = await postOf('boats-57');
    await change(`posts/${id}?draft=true`, { title: 'Boats, unfinished', _status: 'draft' });
    const path = '/dynamic/posts/boats-57';
    expect(await text(path)).not.toContain('unfinished');

    const entered = await fetch(`${site.url}/preview?path=${path}`, {
      headers: { cookie },
      redirect: 'manual',
    });
    expect(entered.status).toBe(307);
    const preview = entered.headers
      .getSetCookie()
      .map((header) => header.split(';')[0])
      .join('; ');
    const previewed = await fetch(site.url + path, { headers: { cookie: preview } });
    expect(await previewed.text()).toContain('Boats, unfinished');
    expect(await text(path)).not.toContain('unfinished');
    expect((await fetch(`${site.url}/preview?path=${path}`, { redirect: 'manual' })).status).toBe(403);
  });

  test('clients that go away, and eight at a time, leave it as it was', async () => {
    await crowd(site.url, 10);
    expect(site.log()).not.toMatch(/error|unhandled/i);
  });

  describe.skipIf(!hasBrowser)('in a browser (needs chromium)', () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await startBrowser();
    });
    afterAll(() => browser?.close());

    test('an editor signs in, changes a post and publishes it, and everybody reads it', async () => {
      const { id } = await postOf('ropes-59');
      const path = '/dynamic/posts/ropes-59';
      expect(await text(path)).toContain('Ropes 59');
      const page = await browser.newPage();
      page.setDefaultTimeout(100_000);
      // What is typed before React has taken the page over is lost.
      const isTakenOver = { waitUntil: 'networkidle' } as const;
      await page.goto(`${site.url}/admin/login`, isTakenOver);
      await page.fill('#field-email', 'ben@example.com');
      await page.fill('#field-password', SITE_PASSWORD);
      await page.click('button[type=submit]');
      await page.waitForURL(`${site.url}/admin`);
      await page.goto(`${site.url}/admin/collections/posts/${id}`, isTakenOver);
      await page.fill('#field-title', 'Ropes, spliced');
      await page.click('#action-save');
      await page.waitForSelector('.payload-toast-item.toast-success');
      expect(await text(path)).toContain('Ropes, spliced');
      await page.goto(`${site.url}${path}`);
      expect(await page.textContent('h1')).toBe('Ropes, spliced');

      // The page signs out by itself once it is there.
      const signedOut = page.waitForResponse(
        (response) => response.url().includes('/api/users/logout') && response.request().method() === 'POST',
      );
      await page.goto(`${site.url}/admin/logout`);
      expect((await signedOut).status()).toBe(200);
      await page.goto(`${site.url}/admin/collections/posts`);
      await page.waitForURL(/\/admin\/login/);
      await page.close();
    });
  });
});

/** What a view of the admin panel is about: its title and the documents that it lists. */
function headings(body: string): string[] {
  const titles = body.match(/<(title|h1|h2|h3)[^>]*>[\s\S]*?<\/\1>/g) ?? [];
  const links = body.match(/href="\/admin\/collections\/[^"]*"/g) ?? [];
  return [...titles, ...links].map((part) => part.replace(/<[^>]*>/g, '')).sort();
}
