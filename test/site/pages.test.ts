import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { pushedTag } from '../../src/runtime/next/page-tags.js';
import { ENDPOINT, SIGNATURE, signed } from '../../src/runtime/next/signed-request.js';
import { isRegistryReachable } from '../support/package-registry.js';
import { hasRedis, type RedisServer, startRedis } from '../support/redis.js';
import { type RunningSite, signIn, startSite } from '../support/site.js';
import { type BuiltSite, builtSite } from '../support/site-build.js';
import { environmentOf, type PagesAfter, SITE_WRITES, seePages, tableOf } from './page-writes.js';

// The first run on a machine installs and builds the site.
vi.setConfig({ hookTimeout: 1_200_000, testTimeout: 300_000 });

const canBuild = await isRegistryReachable();

describe.skipIf(!canBuild)('the pages that Next keeps (needs the registry of packages)', () => {
  let built: BuiltSite;
  let redis: RedisServer | undefined;

  beforeAll(async () => {
    built = await builtSite();
    if (hasRedis) redis = await startRedis();
  });
  afterAll(() => redis?.stop());

  describe.each(['push', 'handler'] as const)('with %s', (revalidate) => {
    let env: Record<string, string>;
    let site: RunningSite;

    beforeAll(async () => {
      env = environmentOf(built, revalidate, redis?.port);
      site = await startSite(built, env);
    });
    afterAll(() => site?.stop());

    /** A page, and whether it came from the cache. */
    const ask = async (of: RunningSite, at: string): Promise<[cache: string | null, text: string]> => {
      const response = await fetch(of.url + at);
      return [response.headers.get('x-nextjs-cache'), await response.text()];
    };

    test('each kind of write renders anew the pages that show something of it, and no other', async () => {
      const results = await seePages(built, site, env);
      console.log(`${revalidate}\n${tableOf(results)}`);
      const names = ({ write }: PagesAfter) => write.name;
      expect(results.map(names)).toHaveLength(
        revalidate === 'handler' && !redis ? SITE_WRITES.length - 3 : SITE_WRITES.length,
      );
      for (const result of results) {
        expect(result.anew, names(result)).toEqual(
          result.anew.filter((page) => result.write.pages.includes(page)),
        );
        expect([...result.anew].sort(), names(result)).toEqual([...result.write.pages].sort());
      }
      expect(site.log()).not.toMatch(/error|unhandled/i);
    });

    test('what is new is shown with the next request, and a draft never', async () => {
      const cookie = await signIn(site.url);
      const change = async (body: object, query = '') => {
        const headers = { cookie, 'content-type': 'application/json' };
        const response = await fetch(`${site.url}/api/posts/31${query}`, {
          method: 'PATCH',
          headers,
          body: JSON.stringify(body),
        });
        expect(response.status).toBe(200);
        return ((await response.json()) as { doc: { slug: string } }).doc;
      };
      const { slug } = await change({ title: 'At first', _status: 'published' });
      const at = `/posts/${slug}`;
      expect((await ask(site, at))[1]).toContain('At first');
      expect((await ask(site, at))[0]).toBe('HIT');
      await change({ title: 'Later', _status: 'published' });
      expect((await ask(site, at))[1]).toContain('Later');
      await change({ title: 'Unfinished', _status: 'draft' }, '?draft=true');
      const [cache, text] = await ask(site, at);
      expect([cache, text.includes('Later'), text.includes('Unfinished')]).toEqual(['HIT', true, false]);
    });

    test("what a function with 'use cache' has made is made anew once what it read was written", async () => {
      const made = async () => /data-made="([^"]+)"/.exec((await ask(site, '/digest'))[1])?.[1];
      expect(await made()).toBeDefined();
      // Kept behind the response.
      await expect.poll(async () => new Set([await made(), await made()]).size).toBe(1);
      const before = await made();
      const headers = { cookie: await signIn(site.url), 'content-type': 'application/json' };
      const patch = async (at: string, body: object) =>
        expect(
          (await fetch(`${site.url}/api/${at}`, { method: 'PATCH', headers, body: JSON.stringify(body) }))
            .status,
        ).toBe(200);
      await patch('media/3', { alt: 'Not read there' });
      expect(await made()).toBe(before);
      await patch('posts/2', { title: 'A boat, renamed', _status: 'published' });
      expect(await made()).not.toBe(before);
      expect((await ask(site, '/digest'))[1]).toContain('A boat, renamed');
    });

    if (revalidate === 'handler') {
      test.skipIf(!hasRedis)('two servers share pages, and an edit in one is seen by the other', async () => {
        const other = await startSite(built, {
          ...env,
          DATABASE_URI: `file:${path.join(site.dir, 'site.db')}`,
        });
        try {
          // Its Payload starts with the first page that it renders.
          await ask(other, '/dynamic');
          // Kept behind the response.
          await expect.poll(async () => (await ask(site, '/posts/ropes-35'))[0]).toBe('HIT');
          const [[cache, text], [, own]] = [
            await ask(other, '/posts/ropes-35'),
            await ask(site, '/posts/ropes-35'),
          ];
          expect([cache, text]).toEqual(['HIT', own]);
          const response = await fetch(`${site.url}/api/globals/header`, {
            method: 'POST',
            headers: { cookie: await signIn(site.url), 'content-type': 'application/json' },
            body: JSON.stringify({ title: 'Seen by both' }),
          });
          expect(response.status).toBe(200);
          expect((await ask(other, '/posts/ropes-35'))[1]).toContain('Seen by both');
        } finally {
          await other.stop();
        }
      });
    } else {
      test('only a signed request is taken, and only once', async () => {
        const send = (body: string, signature?: string) =>
          fetch(`${site.url}/api${ENDPOINT}`, {
            method: 'POST',
            body,
            headers: signature === undefined ? {} : { [SIGNATURE]: signature },
          });
        // As Payload makes it of the site's own.
        const { createHash } = await import('node:crypto');
        const secret = createHash('sha256').update('only-for-development').digest('hex').slice(0, 32);
        await ask(site, '/about');
        expect((await ask(site, '/about'))[0]).toBe('HIT');
        const { body, signature } = await signed(secret, [pushedTag('@header')]);
        expect((await send(body)).status).toBe(400);
        expect((await send(`${body} `, signature)).status).toBe(401);
        expect((await send('x'.repeat(70_000), signature)).status).toBe(400);
        const forged = await signed('another', [pushedTag('@header')]);
        expect((await send(forged.body, forged.signature)).status).toBe(401);
        expect((await ask(site, '/about'))[0]).toBe('HIT');
        expect((await send(body, signature)).status).toBe(204);
        expect((await ask(site, '/about'))[0]).not.toBe('HIT');
        expect((await ask(site, '/about'))[0]).toBe('HIT');
        expect((await send(body, signature)).status).toBe(401);
        expect((await ask(site, '/about'))[0]).toBe('HIT');
        expect((await fetch(`${site.url}/api${ENDPOINT}`)).status).toBe(404);
      });

      test("Next's own cache loses a write between the read of a page and its being kept", async () => {
        const next = createRequire(`${built.dir}/`);
        const { default: FileSystemCache } = next(
          'next/dist/server/lib/incremental-cache/file-system-cache.js',
        );
        const ofRequest = () =>
          new FileSystemCache({
            fs,
            serverDistDir: site.dir,
            flushToDisk: false,
            maxMemoryCacheSize: 1e7,
            revalidatedTags: [],
          });
        const page = {
          kind: 'APP_PAGE',
          html: 'as it was before the write',
          headers: { 'x-next-cache-tags': pushedTag('posts') },
        };
        // The page has read. Then it is written, and Next is told. Then Next keeps the page, as of now.
        await ofRequest().revalidateTag([pushedTag('posts')], { expire: 0 });
        await new Promise((resolve) => setTimeout(resolve, 5));
        await ofRequest().set('/posts', page, {});
        const kept = await ofRequest().get('/posts', { kind: 'APP_PAGE', isFallback: false });
        // What cache-handler.test.ts shows not to happen there.
        expect(kept?.value).toEqual(page);
      });
    }
  });
});
