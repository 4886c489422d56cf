import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Statistics } from '../../src/runtime/observe.js';
import { hasBrowser, startBrowser } from '../support/browser.js';
import { isRegistryReachable } from '../support/package-registry.js';
import { repository } from '../support/repository.js';
import { type RunningSite, SITE_PASSWORD, signIn, startSite } from '../support/site.js';
import { type BuiltSite, builtSite } from '../support/site-build.js';
import { PUBLIC_PAGES, visit } from './pages.js';

// The first run on a machine installs and builds the site.
vi.setConfig({ hookTimeout: 1_200_000, testTimeout: 300_000 });

const canBuild = (await isRegistryReachable()) && hasBrowser;
const AXE = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Where the pictures of the README go, and for how many minutes the site is visited before; `0` for none. */
const IMAGES = path.join(repository, 'docs', 'images');
/** Without the head of the panel, which has an avatar from elsewhere. */
const PICTURE = { x: 30, y: 62, width: 1180, height: 900 };
const MINUTES = Number(process.env.ADMIN_VIEW_IMAGES ?? 0);

describe.skipIf(!canBuild)('the admin view (needs the registry of packages, and chromium)', () => {
  let built: BuiltSite;
  let site: RunningSite;
  let browser: Browser;
  /** Of Ada, who may see the cache, and of Ben, who may not, see `withAdminView` of site-build.ts. */
  let ada: Page;
  let ben: Page;

  beforeAll(async () => {
    built = await builtSite();
    site = await startSite(built, { SITE_ADMIN_VIEW: '1' });
    browser = await startBrowser();
    for (const page of PUBLIC_PAGES) await visit(site.url, page);
    ada = await signedIn('ada');
    ben = await signedIn('ben');
  });
  afterAll(async () => {
    await browser?.close();
    await site?.stop();
  });

  async function signedIn(name: string): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 1240, height: 1000 } });
    const page = await context.newPage();
    page.setDefaultTimeout(100_000);
    await open(page, '/admin/login');
    await page.fill('#field-email', `${name}@example.com`);
    await page.fill('#field-password', SITE_PASSWORD);
    await page.click('button[type=submit]');
    await page.waitForURL(`${site.url}/admin`);
    return page;
  }
  /** What is typed before React has taken the page over is lost. */
  const open = (page: Page, at: string) => page.goto(`${site.url}${at}`, { waitUntil: 'networkidle' });
  const openCache = async (page: Page = ada) => {
    await open(page, '/admin/cache');
    await page.waitForSelector('.payload-cache__tiles');
  };
  const ask = async (at: string, name = 'ada', init: RequestInit = {}) =>
    fetch(`${site.url}/api/payload-cache${at}`, {
      ...init,
      headers: { ...init.headers, cookie: await signIn(site.url, name) },
    });
  const statistics = async () => (await (await ask('/stats')).json()) as Statistics;
  /** What the table says of a collection. */
  async function rowOf(slug: string): Promise<{ hits: number; misses: number; stale: number }> {
    const cells = await ada
      .locator('.payload-cache tbody tr', { has: ada.locator(`th:text-is("${slug}")`) })
      .first()
      .locator('td')
      .allTextContents();
    const [hits, misses, stale] = cells.slice(2, 5).map((cell) => Number(cell.replaceAll(',', '')));
    return { hits: hits!, misses: misses!, stale: stale! };
  }
  const readPost = async (id: number) =>
    ((await (await fetch(`${site.url}/api/posts/${id}?depth=0`)).json()) as { title: string }).title;

  /** Presses Tab until what is reached has this name. */
  async function tabTo(page: Page, name: string): Promise<void> {
    const nameOfFocused = () =>
      page.evaluate(() => {
        const { activeElement } = (globalThis as never as { document: { activeElement: never } }).document;
        const element = activeElement as {
          getAttribute(name: string): string | null;
          textContent: string | null;
        };
        return element.getAttribute('aria-label') ?? element.textContent ?? '';
      });
    for (let presses = 0; presses < 200; presses += 1) {
      await page.keyboard.press('Tab');
      if ((await nameOfFocused()).trim() === name) return;
    }
    throw new Error(`Tab does not reach "${name}".`);
  }

  /** What axe finds wrong, in all of the page or in a part of it. */
  async function violations(page: Page, part?: string): Promise<string[]> {
    await page.evaluate(AXE);
    const found = await page.evaluate(
      (within) =>
        (globalThis as never as { axe: { run(context?: string): Promise<AxeResults> } }).axe.run(within),
      part as string,
    );
    return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  }

  test('who has not signed in is led to where one signs in, and shown and told nothing', async () => {
    const response = await fetch(`${site.url}/admin/cache`);
    expect(await response.text()).not.toMatch(/payload-cache__|hotQueries|savedBy/);
    for (const at of ['/stats', '/health', '/entries?collection=posts'])
      expect((await fetch(`${site.url}/api/payload-cache${at}`)).status).toBe(401);
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${site.url}/admin/cache`);
    await page.waitForURL(/\/admin\/login\?redirect=%2Fadmin%2Fcache/);
    await context.close();
  });

  test('who may not see it is refused: in the view, in each endpoint, and has no link and no button', async () => {
    await open(ben, '/admin/cache');
    expect(await ben.textContent('main')).toContain('You may not see the cache of this site.');
    expect(await ben.content()).not.toMatch(/hotQueries|savedBy|"payload-cache__tiles/);
    expect(await ben.locator('#nav-payload-cache').count()).toBe(0);
    await open(ben, '/admin/collections/posts/5');
    expect(await ben.locator('#payload-cache-purge-document').count()).toBe(0);
    for (const at of ['/stats', '/health', '/entries?collection=posts'])
      expect((await ask(at, 'ben')).status).toBe(403);
    const purge = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"target":"everything"}',
    };
    expect((await ask('/purge', 'ben', purge)).status).toBe(403);
  });

  test('numbers move while it is open, not while it is paused, and go on after', async () => {
    await open(ada, '/admin');
    await ada.click('#nav-toggler button');
    await ada.click('#nav-payload-cache');
    await ada.waitForSelector('.payload-cache__tiles');
    const before = await rowOf('posts');
    for (let time = 0; time < 3; time += 1) await readPost(15);
    await expect.poll(async () => (await rowOf('posts')).hits, { timeout: 60_000 }).toBe(before.hits + 2);
    expect((await rowOf('posts')).misses).toBe(before.misses + 1);

    await ada.click('text=Pause updates');
    await ada.waitForSelector('text=Paused');
    let asked = 0;
    ada.on('request', (request) => {
      if (request.url().includes('/payload-cache/stats')) asked += 1;
    });
    await readPost(15);
    // Longer than it waits for new numbers otherwise; there is nothing to wait for where nothing happens.
    await sleep(9_000);
    expect(asked).toBe(0);
    await ada.click('text=Resume updates');
    await expect.poll(async () => (await rowOf('posts')).hits, { timeout: 60_000 }).toBe(before.hits + 3);
  });

  test('an edit is seen at once, and counted as stale', async () => {
    await readPost(6);
    await openCache();
    const before = await rowOf('posts');
    const editor = await ada.context().newPage();
    editor.setDefaultTimeout(100_000);
    await open(editor, '/admin/collections/posts/6');
    // What is typed before React has taken the page over is lost.
    await expect
      .poll(
        async () => {
          await editor.fill('#field-title', 'Seen at once, or so');
          await editor.fill('#field-title', 'Seen at once');
          return editor.isEnabled('#action-save');
        },
        { timeout: 100_000 },
      )
      .toBe(true);
    await editor.click('#action-save');
    await editor.waitForSelector('.payload-toast-item.toast-success');
    await editor.close();
    expect(await readPost(6)).toBe('Seen at once');
    await expect
      .poll(async () => (await rowOf('posts')).stale, { timeout: 60_000 })
      .toBeGreaterThan(before.stale);
  });

  test('a collection is purged by keys alone, and the next read misses', async () => {
    for (const _time of ['cold', 'warm']) await readPost(7);
    await openCache();
    await tabTo(ada, 'Purge posts');
    await ada.keyboard.press('Enter');
    const dialog = ada.locator('.payload-cache-dialog');
    await dialog.getByText(/^Entries that depend on it: \d+$/).waitFor();
    expect(await violations(ada, '.payload-cache-dialog')).toEqual([]);
    // Left as it was, one is back where one was.
    await ada.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await expect.poll(() => ada.locator('[aria-label="Purge posts"]:focus').count()).toBe(1);
    const before = (await statistics()).counts.collections.posts!;
    await readPost(7);
    expect((await statistics()).counts.collections.posts!.hits).toBe(before.hits + 1);

    await ada.keyboard.press('Enter');
    await dialog.waitFor();
    await tabTo(ada, 'Purge');
    await ada.keyboard.press('Enter');
    await ada.getByText('Purged from the cache: posts').waitFor();
    await readPost(7);
    const after = (await statistics()).counts.collections.posts!;
    expect([after.hits, after.misses + after.stale]).toEqual([
      before.hits + 1,
      before.misses + before.stale + 1,
    ]);
    expect(site.log()).toMatch(/purge of \{"collection":"posts"\} by users \d+/);
  });

  test('a document says what the cache holds of it, and is purged there, a global too', async () => {
    for (const _time of ['cold', 'warm']) await readPost(8);
    await open(ada, '/admin/collections/posts/8');
    await ada.click('#payload-cache-purge-document');
    const dialog = ada.locator('.payload-cache-dialog');
    await dialog.getByText('What the cache holds of it').waitFor();
    expect(await dialog.locator('tbody tr').count()).toBeGreaterThan(0);
    expect(await dialog.textContent()).toMatch(/findOne|find/);
    expect(await violations(ada, '.payload-cache-dialog')).toEqual([]);
    await dialog.locator('#confirm-action').click();
    await ada.getByText('Purged from the cache: this document').waitFor();
    const before = (await statistics()).counts.collections.posts!;
    await readPost(8);
    const after = (await statistics()).counts.collections.posts!;
    expect([after.hits - before.hits, after.misses + after.stale - before.misses - before.stale]).toEqual([
      0, 1,
    ]);

    await open(ada, '/admin/globals/header');
    await ada.click('#payload-cache-purge-document');
    await dialog.locator('#confirm-action').click();
    await ada.getByText('Purged from the cache: this global').waitFor();
    // What is no document yet is nowhere.
    await open(ada, '/admin/collections/categories/create');
    expect(await ada.locator('#payload-cache-purge-document').count()).toBe(0);
  });

  test('what failed is said, and what was not fetched', async () => {
    await openCache();
    await ada.route('**/api/payload-cache/**', (route) => route.abort());
    await ada.getByText('New numbers could not be fetched. These are older.').waitFor();
    await ada.click('#payload-cache-purge-all');
    await ada.getByText('How many entries depend on it cannot be told.').waitFor();
    await ada.click('#confirm-action');
    await ada.getByText(/^Not purged: /).waitFor();
    await ada.unroute('**/api/payload-cache/**');
    await ada
      .getByText('New numbers could not be fetched. These are older.')
      .waitFor({ state: 'hidden', timeout: 60_000 });
  });

  test('axe finds nothing wrong, light and dark', { timeout: 300_000 + 60_000 * MINUTES }, async () => {
    if (MINUTES > 0) await traffic(site, MINUTES);
    await open(ada, '/admin');
    const elsewhere = new Set((await violations(ada)).map((violation) => violation.split(':')[0]));
    for (const theme of ['light', 'dark']) {
      await ada
        .context()
        .addCookies([{ name: 'payload-theme', value: theme, domain: '127.0.0.1', path: '/' }]);
      await openCache();
      expect(await ada.getAttribute('html', 'data-theme')).toBe(theme);
      expect(await violations(ada, '.payload-cache')).toEqual([]);
      // Nor in the whole page what the panel has not by itself.
      expect((await violations(ada)).filter((violation) => !elsewhere.has(violation.split(':')[0]))).toEqual(
        [],
      );
      for (const details of await ada.locator('.payload-cache summary').all()) await details.click();
      expect(await violations(ada, '.payload-cache')).toEqual([]);
      for (const details of await ada.locator('.payload-cache summary').all()) await details.click();
      if (MINUTES > 0) await ada.screenshot({ path: path.join(IMAGES, `cache-${theme}.png`), clip: PICTURE });
    }
  });

  test('there is no error on the page or in the log', async () => {
    const errors: string[] = [];
    ada.on('pageerror', (error) => errors.push(String(error)));
    await openCache();
    await open(ada, '/admin/collections/posts/8');
    expect(errors).toEqual([]);
    expect(site.log()).not.toMatch(/error|unhandled/i);
  });
});

/** Visitors, more and fewer of them, and an editor now and then. */
async function traffic(site: RunningSite, minutes: number): Promise<void> {
  const until = Date.now() + 60_000 * minutes;
  const cookie = await signIn(site.url);
  for (let round = 0; Date.now() < until; round += 1) {
    for (const page of PUBLIC_PAGES.slice(0, 3 + (round % 8))) await visit(site.url, page);
    await fetch(`${site.url}/api/posts?limit=5&page=${1 + (round % 12)}&depth=1`);
    if (round % 5 === 0) {
      await fetch(`${site.url}/api/posts/${10 + (round % 40)}`, {
        method: 'PATCH',
        headers: { cookie, 'content-type': 'application/json' },
        body: JSON.stringify({ summary: `Edited in round ${round}`, _status: 'published' }),
      });
    }
    await sleep(1_000 + 2_500 * (1 + Math.sin(round / 9)));
  }
}
