import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { run } from '../../src/cli/program.js';
import { removeDirectory } from '../support/remove-directory.js';
import { command } from './command.js';
import { SECRET, startObservedSite } from './observed-site.js';

beforeEach(() => {
  vi.stubEnv('PAYLOAD_SECRET', SECRET);
  vi.stubEnv('PAYLOAD_KV_API_KEY', undefined);
  vi.stubEnv('PAYLOAD_KV_SITE_URL', undefined);
});
afterEach(() => vi.unstubAllEnvs());

/** A site that answers by path; what was asked is noted. */
async function serve(handle: RequestListener) {
  const asked: string[] = [];
  let most = 0;
  let now = 0;
  const server = createServer(async (request, response) => {
    asked.push(request.url!);
    most = Math.max(most, ++now);
    response.on('close', () => {
      now -= 1;
    });
    await handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, most: () => most };
}

const urlset = (...addresses: string[]) =>
  `<?xml version="1.0"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${addresses
    .map((address) => `<url><loc>${address}</loc><lastmod>2026-01-01</lastmod></url>`)
    .join('')}</urlset>`;
const index = (...addresses: string[]) =>
  `<sitemapindex>${addresses.map((address) => `<sitemap><loc>\n ${address}\n</loc></sitemap>`).join('')}</sitemapindex>`;

const warm = async (url: string, ...args: string[]) => {
  const outcome = await command(['warm', '--url', url, ...args]);
  return { ...outcome, json: args.includes('--json') ? JSON.parse(outcome.stdout) : undefined };
};

/** Answers the sitemap, and 200 to the rest. */
function pages(sitemaps: Record<string, string | Buffer>, page?: RequestListener): RequestListener {
  return (request: IncomingMessage, response) => {
    const sitemap = sitemaps[request.url!];
    if (sitemap !== undefined)
      response.end(typeof sitemap === 'string' ? sitemap.replaceAll('HOST', request.headers.host!) : sitemap);
    else if (page) return page(request, response);
    else response.end('<html></html>');
  };
}

describe('from a sitemap', () => {
  test('each page is asked for once, of an index and its compressed files too, and nothing of another origin', async () => {
    const elsewhere = await serve((_request, response) => response.end(urlset('/secret')));
    const { url, asked } = await serve(
      pages({
        '/sitemap.xml': index(
          'http://HOST/pages.xml',
          'http://HOST/posts.xml.gz',
          `${elsewhere.url}/sitemap.xml`,
          'http://HOST/sitemap.xml',
        ),
        '/pages.xml': urlset(
          'http://HOST/',
          'http://HOST/a?x=1&amp;y=2',
          'http://HOST/caf&#233;',
          `${elsewhere.url}/b`,
          'file:///etc/passwd',
        ),
        '/posts.xml.gz': gzipSync(urlset('/posts/1', '<![CDATA[/posts/2]]>', '/#top')),
      }),
    );
    const { exitCode, json } = await warm(url, '--from', 'sitemap', '--json');
    expect(exitCode).toBe(0);
    expect(json).toMatchObject({
      command: 'warm',
      ok: true,
      from: 'sitemap',
      site: url,
      asked: 5,
      failed: 0,
      absent: 0,
      elsewhere: 2,
    });
    expect(asked.slice(3).sort()).toEqual(['/', '/a?x=1&y=2', '/caf%C3%A9', '/posts/1', '/posts/2']);
    expect(elsewhere.asked).toEqual([]);
    const { stdout } = await warm(url, '--from', 'sitemap');
    expect(stdout).toContain(
      `! 2 addresses are of another origin, such as ${elsewhere.url}, and were not asked for.`,
    );
    expect(stdout).toMatch(/^✓ 5 asked for in /m);
  });

  test('of another path where that is named, and of no other origin', async () => {
    const { url, asked } = await serve(pages({ '/server-sitemap.xml': urlset('/x') }));
    expect((await warm(url, '--from', 'sitemap', '/server-sitemap.xml')).exitCode).toBe(0);
    expect(asked).toEqual(['/server-sitemap.xml', '/x']);
    const { json } = await warm(url, '--from', 'sitemap', 'http://127.0.0.1:1/sitemap.xml', '--json');
    expect(json.error.code).toBe('USAGE');
  });

  test.each<[string, string | Buffer | undefined, string]>([
    ['is not there', undefined, 'SITEMAP_NOT_FOUND'],
    ['is a page', '<!doctype html><html></html>', 'SITEMAP_NOT_UNDERSTOOD'],
    ['cannot be unpacked', Buffer.from([0x1f, 0x8b, 1, 2, 3]), 'SITEMAP_NOT_UNDERSTOOD'],
    [
      'becomes larger than any may be',
      gzipSync(Buffer.alloc(60 * 1024 * 1024, ' ')),
      'SITEMAP_NOT_UNDERSTOOD',
    ],
  ])('a sitemap that %s is told', async (_, sitemap, code) => {
    const { url } = await serve((request, response) =>
      sitemap === undefined
        ? response.writeHead(404).end()
        : pages({ '/sitemap.xml': sitemap })(request, response),
    );
    const { exitCode, json } = await warm(url, '--from', 'sitemap', '--json');
    expect([exitCode, json.error.code]).toEqual([2, code]);
  });

  test('redirections are followed within the site alone', async () => {
    const elsewhere = await serve((_request, response) => response.end());
    const { url, asked } = await serve(
      pages({ '/sitemap.xml': urlset('/old', '/out', '/loop') }, (request, response) => {
        const to = { '/old': '/new', '/out': `${elsewhere.url}/x`, '/loop': '/loop' }[request.url!];
        response.writeHead(to ? 308 : 200, to ? { location: to } : {}).end();
      }),
    );
    const { json } = await warm(url, '--from', 'sitemap', '--concurrency', '1', '--json');
    expect(json).toMatchObject({ ok: true, asked: 1, absent: 2 });
    expect(asked.slice(1)).toEqual(['/old', '/new', '/out', '/loop', '/loop', '/loop', '/loop']);
    expect(elsewhere.asked).toEqual([]);
  });
});

describe('the site is spared', () => {
  const many = urlset(...Array.from({ length: 30 }, (_, page) => `/p${page}`));

  test.each([1, 3])('with %d requests at a time at most', async (concurrency) => {
    const { url, most } = await serve(
      pages({ '/sitemap.xml': many }, async (_request, response) => {
        await sleep(5);
        response.end();
      }),
    );
    expect(
      (await warm(url, '--from', 'sitemap', '--concurrency', `${concurrency}`, '--json')).json.asked,
    ).toBe(30);
    expect(most()).toBe(concurrency);
  });

  test('it stops where one request after the other fails', async () => {
    const { url, asked } = await serve(
      pages({ '/sitemap.xml': many }, (_request, response) => response.writeHead(503).end()),
    );
    const { exitCode, stdout } = await warm(url, '--from', 'sitemap', '--concurrency', '2');
    expect(exitCode).toBe(1);
    expect(asked.length).toBeLessThan(10);
    expect(stdout).toContain(`✗ ${url}/p0: it answers 503`);
    expect(stdout).toContain('✗ Stopped: 5 requests in a row failed, at last: it answers 503.');
  });

  test('it goes on where some fail, and where pages are not there', async () => {
    const { url } = await serve(
      pages({ '/sitemap.xml': many }, (request, response) => {
        const page = Number(request.url!.slice(2));
        response.writeHead(page % 3 === 0 ? 500 : page % 3 === 1 ? 404 : 200).end();
      }),
    );
    const { exitCode, json } = await warm(url, '--from', 'sitemap', '--concurrency', '1', '--json');
    expect(exitCode).toBe(1);
    expect(json).toMatchObject({ ok: false, asked: 10, absent: 10, failed: 10 });
    expect(json.stopped).toBeUndefined();
    expect(json.faults).toHaveLength(10);
  });

  test('it waits as long as the site asks for', async () => {
    let refused: number | undefined;
    let again = 0;
    const { url } = await serve(
      pages({ '/sitemap.xml': urlset('/p0', '/p1') }, (_request, response) => {
        if (refused === undefined) {
          refused = performance.now();
          response.writeHead(429, { 'retry-after': '1' }).end();
        } else {
          again = performance.now();
          response.end();
        }
      }),
    );
    const { json } = await warm(url, '--from', 'sitemap', '--concurrency', '1', '--json');
    expect(json).toMatchObject({ asked: 1, failed: 1 });
    expect(again - refused!).toBeGreaterThanOrEqual(900);
  });

  test('Ctrl-C ends it, and what was done is told', async () => {
    const { url, asked } = await serve(
      pages({ '/sitemap.xml': many }, (_request, response) => {
        if (asked.length > 3) process.emit('SIGINT');
        response.end();
      }),
    );
    const { exitCode, json } = await warm(url, '--from', 'sitemap', '--concurrency', '1', '--json');
    expect(exitCode).toBe(130);
    expect(json.stopped).toBe('ended by Ctrl-C');
    expect(json.asked).toBe(3);
  });
});

describe('from a list of addresses', () => {
  test('in a file', async () => {
    const { url, asked } = await serve((_request, response) => response.end());
    const dir = await mkdtemp(path.join(tmpdir(), 'payload-kv-warm-'));
    onTestFinished(() => removeDirectory(dir));
    await writeFile(
      path.join(dir, 'top.txt'),
      `# the first\r\n/a\r\n${url}/b\r\n\r\nhttps://elsewhere.example/c\r\n/a\r\n`,
    );
    const { json } = await warm(url, '--from', 'urls', 'top.txt', '--cwd', dir, '--json');
    expect(json).toMatchObject({ ok: true, asked: 2, elsewhere: 1 });
    expect(asked.sort()).toEqual(['/a', '/b']);
    const missing = await warm(url, '--from', 'urls', 'no.txt', '--cwd', dir, '--json');
    expect(missing.json.error.code).toBe('FILE_UNREADABLE');
  });

  test('on standard input', async () => {
    const { url, asked } = await serve((_request, response) => response.end());
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    stdin.end('/a\n/b');
    expect(await run(['warm', '--from', 'urls', '-', '--url', url], { stdin, stdout, stderr })).toBe(0);
    expect(asked.sort()).toEqual(['/a', '/b']);
  });
});

test('--only-stale asks a cache first, and only then the site', async () => {
  const asked: [string, string | undefined][] = [];
  const { url } = await serve(
    pages(
      { '/sitemap.xml': urlset('/fresh', '/stale', '/next') },
      ({ url: path = '', headers }, response) => {
        const { 'cache-control': control } = headers;
        asked.push([path, control]);
        const isMissing = path === '/stale' && control === 'only-if-cached';
        response
          .writeHead(
            isMissing ? 504 : 200,
            path === '/next' ? { 'x-nextjs-cache': 'HIT' } : path === '/fresh' ? { age: '5' } : {},
          )
          .end();
      },
    ),
  );
  const { exitCode, json } = await warm(
    url,
    '--from',
    'sitemap',
    '--only-stale',
    '--concurrency',
    '1',
    '--json',
  );
  expect(exitCode).toBe(0);
  expect(json).toMatchObject({ asked: 3, fresh: 2 });
  expect(asked).toEqual([
    ['/fresh', 'only-if-cached'],
    ['/stale', 'only-if-cached'],
    ['/stale', undefined],
    ['/next', 'only-if-cached'],
  ]);
});

test('from collections: each document of a real site, and with --only-stale those that the cache does not hold', async () => {
  const site = await startObservedSite({}, { seed: 5 });
  onTestFinished(() => site.stop());
  const { exitCode, json } = await warm(site.url, '--from', 'collections', 'posts,users', '--json');
  expect(exitCode).toBe(0);
  expect(json).toMatchObject({ ok: true, asked: 5, failed: 0 });
  expect(json.skipped).toEqual([{ collection: 'users', why: 'only who is logged in may read it' }]);
  // All of it comes from the cache now.
  const hits = async () => (await warm(site.url, '--from', 'collections', 'posts', '--json')).json.asked;
  expect(await hits()).toBe(5);
  const { stdout } = await command(['stats', '--url', site.url, '--json']);
  const { posts } = JSON.parse(stdout).statistics.counts.collections;
  expect(posts.hits).toBeGreaterThanOrEqual(5);
  await site.payload.update({ collection: 'posts', id: 2, data: { title: 'new' } });
  const stale = await warm(site.url, '--from', 'collections', 'posts', '--only-stale', '--json');
  expect(stale.json).toMatchObject({ ok: true, asked: 1, spared: 4 });
  // Without names: those that the site caches.
  const all = await warm(site.url, '--from', 'collections', '--json');
  expect(all.json.asked).toBeGreaterThan(5);
});
