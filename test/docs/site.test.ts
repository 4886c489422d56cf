import { readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AxeResults } from 'axe-core';
import { execa } from 'execa';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { allPages } from '../../scripts/docs/pages.js';
import { serveFolder } from '../../scripts/docs/serve-folder.js';
import { environmentOfAPerson } from '../package/packed.js';
import { hasBrowser, startBrowser } from '../support/browser.js';
import { removeDirectory } from '../support/remove-directory.js';
import { repository } from '../support/repository.js';

// The site is built first, and a busy machine takes its time for it.
vi.setConfig({ hookTimeout: 400_000, testTimeout: 400_000 });

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Where pictures of the pages go, for who wants to look at them. */
const PICTURES = process.env.DOCS_PICTURES;

/** By how much the page is wider than the screen, and how many tables scroll. */
const WIDTHS = `({
  page: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  tables: [...document.querySelectorAll('.vp-doc .table')]
    .filter((table) => table.scrollWidth > table.clientWidth + 1).length,
})`;

let directory: string;
let site: Awaited<ReturnType<typeof serveFolder>>;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-docs-'));
  await execa('npx', ['tsx', 'scripts/docs/docs.ts', '--out', directory], {
    cwd: repository,
    env: environmentOfAPerson(),
    extendEnv: false,
    stdin: 'ignore',
  });
  site = await serveFolder(directory);
});
afterAll(async () => {
  await site?.stop();
  if (directory) await removeDirectory(directory);
});

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(path.join(folder, name)).isFile(),
  );
/** Where a page stands on the site. */
const addressOf = (file: string): string => file.replace(/(^|\/)README\.md$/, '$1').replace(/\.md$/, '.html');

test('Every page is built, and nothing on the site is asked of another host', () => {
  const built = filesBelow(directory);
  expect(allPages().map((file) => addressOf(file).replace(/(^|\/)$/, '$1index.html'))).toEqual(
    expect.arrayContaining(built.filter((name) => name.endsWith('.html') && name !== '404.html')),
  );
  expect(built.filter((name) => name.endsWith('.html'))).toHaveLength(allPages().length + 1);
  for (const name of built.filter((file) => /\.(html|css)$/.test(file))) {
    const text = readFileSync(path.join(directory, name), 'utf8');
    expect(text, name).not.toMatch(/<(?:script|img|link|iframe)\b[^>]*\b(?:src|href)="(?:https?:)?\/\//);
    expect(text, name).not.toMatch(/url\(["']?(?:https?:)?\/\/|@import|@font-face/);
  }
});

describe.skipIf(!hasBrowser)('in a browser (needs chromium)', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
    if (PICTURES) await mkdir(PICTURES, { recursive: true });
  });
  afterAll(() => browser?.close());

  async function opened(width: number, height: number, colorScheme: 'light' | 'dark'): Promise<Page> {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme });
    const page = await context.newPage();
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol.startsWith('http') && origin !== new URL(site.url).origin) elsewhere.push(request.url());
    });
    page.on('pageerror', (error) => errors.push(String(error)));
    return page;
  }
  const elsewhere: string[] = [];
  const errors: string[] = [];
  const show = (page: Page, file: string) => page.goto(site.url + addressOf(file), { waitUntil: 'load' });
  async function picture(page: Page, name: string): Promise<void> {
    if (PICTURES) await page.screenshot({ path: path.join(PICTURES, `${name}.png`) });
  }

  const SOME = ['README.md', 'docs/README.md', 'docs/stores.md', 'docs/terminal.md'];
  test.each([
    ['a phone', 390, 844, allPages()],
    ['a desktop', 1440, 900, SOME],
  ] as const)(
    'On %s no page is wider than the screen, and wide tables scroll by themselves',
    async (on, width, height, files) => {
      const page = await opened(width, height, 'light');
      let wide = 0;
      for (const file of files) {
        await show(page, file);
        const found = (await page.evaluate(WIDTHS)) as { page: number; tables: number };
        expect(found.page, `${file} on ${on}`).toBe(0);
        wide += found.tables;
        await picture(page, `${file.replaceAll('/', '-')}-${width}`);
      }
      if (width < 500) expect(wide).toBeGreaterThan(10);
      expect({ elsewhere, errors }).toEqual({ elsewhere: [], errors: [] });
      await page.context().close();
    },
  );

  test('The search knows what to do when something is stale, without a server', async () => {
    const page = await opened(390, 844, 'dark');
    await show(page, 'README.md');
    // What is clicked before Vue has taken the page over is lost.
    await page.waitForLoadState('networkidle');
    await page.click('#local-search button');
    await page.fill('#localsearch-input', 'stale');
    await page.waitForSelector('.VPLocalSearchBox .result');
    await picture(page, 'search-390');
    const titles = await page.locator('.VPLocalSearchBox .result .titles').allTextContents();
    expect(titles.join('\n')).toMatch(/stale/i);
    await page.locator('.VPLocalSearchBox .result').first().click();
    await page.waitForURL(/\/docs\/.*\.html/);
    expect(await page.locator('.vp-doc').textContent()).toMatch(/stale/i);
    await page.context().close();
  });

  test.each(['light', 'dark'] as const)('In %s colours axe finds nothing serious', async (colours) => {
    const page = await opened(1280, 900, colours);
    for (const file of SOME.slice(1)) {
      await show(page, file);
      await picture(page, `${file.replaceAll('/', '-')}-${colours}`);
      await page.evaluate(AXE);
      const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
      const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      expect(
        serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(', ')}`),
        file,
      ).toEqual([]);
    }
    await page.context().close();
  });
});
