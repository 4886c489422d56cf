import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { isRegistryReachable } from '../support/package-registry.js';
import { type RunningSite, signIn, startOwnServer, startSite } from '../support/site.js';
import { builtSite } from '../support/site-build.js';
import { comparable, PUBLIC_PAGES, type SitePage } from './pages.js';

// The first run on a machine installs and builds the site.
vi.setConfig({ hookTimeout: 1_200_000, testTimeout: 300_000 });

const canBuild = await isRegistryReachable();
const APIS = PUBLIC_PAGES.filter(({ path }) => path.startsWith('/api'));

describe.skipIf(!canBuild)('responses of a Next site (needs the registry of packages)', () => {
  let plain: RunningSite;
  let site: RunningSite;

  beforeAll(async () => {
    const built = await builtSite();
    plain = await startSite(built, { PAYLOAD_KV_ENABLED: 'false' });
    site = await startSite(built, { SITE_RESPONSES: '1' });
    // The first request starts Payload.
    await fetch(`${site.url}/api/posts?limit=1`);
  });
  afterAll(async () => {
    await plain?.stop();
    await site?.stop();
  });

  const ask = ({ url }: RunningSite, page: SitePage, headers: Record<string, string> = {}) =>
    fetch(url + page.path, {
      headers: { ...(page.query ? { 'content-type': 'application/json' } : {}), ...headers },
      ...(page.query ? { method: 'POST', body: JSON.stringify({ query: page.query }) } : {}),
    });
  const outcomeOf = (response: Response) => response.headers.get('x-payload-cache');

  test.each(APIS)('$name: the same as without, and no call of the adapter from then on', async (page) => {
    const without = await ask(plain, page);
    const body = comparable(await without.text());
    const first = await ask(site, page);
    expect([outcomeOf(first), comparable(await first.text())]).toEqual(['miss', body]);
    await site.takeCalls();
    const second = await ask(site, page);
    expect([outcomeOf(second), comparable(await second.text())]).toEqual(['hit', body]);
    expect(second.headers.get('content-type')).toBe(without.headers.get('content-type'));
    const etag = second.headers.get('etag') ?? '';
    const third = await ask(site, page, { 'if-none-match': etag });
    expect([third.status, await third.text()]).toEqual([304, '']);
    expect(await site.takeCalls()).toEqual([]);
    const signedIn = await ask(site, page, { cookie: 'payload-token=none' });
    expect([outcomeOf(signedIn), comparable(await signedIn.text())]).toEqual(['bypass (cookie)', body]);
  });

  test('an edit makes stale what shows it, and nothing else', async () => {
    const cookie = await signIn(site.url);
    const [list, , authors, query] = APIS as [SitePage, SitePage, SitePage, SitePage];
    // Signing in has written a user.
    for (const page of [list, authors, query]) await (await ask(site, page)).text();
    const header = { name: 'header', path: '/api/globals/header?depth=0' };
    await (await ask(site, header)).text();
    const response = await fetch(`${site.url}/api/media/1`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', cookie },
      body: JSON.stringify({ alt: 'Another text' }),
    });
    expect(response.status).toBe(200);
    expect(outcomeOf(await ask(site, header))).toBe('hit');
    for (const page of [list, query]) {
      const again = await ask(site, page);
      const signedIn = await ask(site, page, { cookie: 'payload-token=none' });
      expect(comparable(await again.text())).toBe(comparable(await signedIn.text()));
    }
  });

  describe('on a server of its own, in front of Next', () => {
    let own: RunningSite;
    beforeAll(async () => {
      own = await startOwnServer(await builtSite());
      await fetch(`${own.url}/api/posts?limit=1`);
    });
    afterAll(() => own?.stop());

    /** What a visitor may send to be answered otherwise, or to have others be. */
    const hostile = {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-for': '6.6.6.6',
      'x-forwarded-proto': 'https',
      'x-matched-path': '/admin',
      'x-invoke-path': '/admin',
      'x-now-route-matches': '1=evil',
      'accept-language': 'de',
      'user-agent': 'evil',
      cookie: '_ga=evil',
    };

    test.each(APIS.filter(({ query }) => !query))(
      '$name: the same as without, whoever asks first',
      async (page) => {
        const body = comparable(await (await ask(plain, page)).text());
        const first = await ask(own, page, hostile);
        expect([outcomeOf(first), comparable(await first.text())]).toEqual(['miss', body]);
        await own.takeCalls();
        const second = await ask(own, page);
        expect([outcomeOf(second), comparable(await second.text())]).toEqual(['hit', body]);
        const third = await ask(own, page, { 'if-none-match': second.headers.get('etag') ?? '' });
        expect([third.status, await third.text()]).toEqual([304, '']);
        expect(await own.takeCalls()).toEqual([]);
        const signedIn = await ask(own, page, { cookie: 'payload-token=none' });
        expect([outcomeOf(signedIn), comparable(await signedIn.text())]).toEqual(['bypass (cookie)', body]);
      },
    );

    test('pages, GraphQL, drafts and what Next asks itself for are left to Next', async () => {
      for (const [path, outcome, headers] of [
        ['/posts', 'bypass (endpoint)', {}],
        ['/admin', 'bypass (endpoint)', {}],
        ['/api/posts?limit=1', 'bypass (header)', { rsc: '1' }],
        ['/api/posts?limit=1', 'bypass (cookie)', { cookie: '__prerender_bypass=x' }],
        ['/api/posts?draft=true', 'bypass (draft)', {}],
      ] as const) {
        const response = await fetch(own.url + path, { headers });
        expect([path, outcomeOf(response)]).toEqual([path, outcome]);
        await response.text();
      }
    });

    test('an edit makes stale what shows it', async () => {
      const header = { name: 'header', path: '/api/globals/header?depth=0' };
      const list = APIS[0] as SitePage;
      await (await ask(own, header)).text();
      await (await ask(own, list)).text();
      const response = await fetch(`${own.url}/api/media/1`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json', cookie: await signIn(own.url) },
        body: JSON.stringify({ alt: 'Another text in front' }),
      });
      expect(response.status).toBe(200);
      expect(outcomeOf(await ask(own, header))).toBe('hit');
      const again = await ask(own, list);
      expect(await again.text()).toContain('Another text in front');
    });
  });
});
