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
import { environmentOf, type PagesAfter, SITE_WRITES, seePages, summaryOf, tableOf } from './page-writes.js';

// The first run on a machine installs and builds the site.
vi.setConfig({ hookTimeout: 1_200_000, testTimeout: 300_000 });

const canBuild = await isRegistryReachable();

/** A log without what says that a busy machine has answered too late: pages are right all the same, as is looked at above. */
const withoutTimeouts = (log: string): string =>
  log.replaceAll(
    /WARN: payload-kv: [^\n]* failed; the site goes on without it\.\n\s+err: \{[^}]*"TimeoutError"\s*\}/g,
    '',
  );

describe.skipIf(!canBuild)('the pages that Next keeps (needs the registry of packages)', () => {
  let built: BuiltSite;
  let redis: RedisServer | undefined;

  beforeAll(async () => {
    built = await builtSite();
    if (hasRedis) redis = await startRedis();
  });
  afterAll(() => redis?.stop());

  test('hooks as those of the website template, without this package, leave pages as they were', async () => {
    const missed = {
      'author renamed': ['home', 'posts', 'Ada'],
      'picture in a text, and of posts, changed': ['home', 'posts', 'newest', 'next to it', 'old', 'Ada'],
      'category renamed': ['home', 'posts', 'Ada', 'Boats'],
      'post created (list of a block)': ['home', 'posts'],
    };
    const env = environmentOf(built, 'hooks');
    const site = await startSite(built, env);
    try {
      const writes = SITE_WRITES.filter(({ name }) => name in missed);
      const results = await seePages(built, site, env, writes);
      console.log(`hooks\n${tableOf(results, false)}\n${summaryOf(results)}`);
      expect(Object.fromEntries(results.map((result) => [result.write.name, result.missed]))).toEqual(missed);
    } finally {
      await site.stop();
    }
  });

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
      console.log(`${revalidate}\n${tableOf(results)}\n${summaryOf(results)}`);
      const names = ({ write }: PagesAfter) => write.name;
      expect(results.map(names)).toHaveLength(
        revalidate === 'handler' && !redis ? SITE_WRITES.length - 3 : SITE_WRITES.length,
      );
      for (const result of results) {
        expect(result.anew, names(result)).toEqual(
          result.anew.filter((page) => result.write.pages.includes(page)),
        );
        expect([...result.anew].sort(), names(result)).toEqual([...result.write.pages].sort());
        // Not only by our own account: compared with what a page shows that is rendered in any case.
        expect([...result.missed, ...result.late], names(result)).toEqual([]);
      }
      expect(withoutTimeouts(site.log())).not.toMatch(/error|unhandled/i);
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
      test("React's cache() around a kept function is right after a write, inside it only what nothing else has asked", async () => {
        const kept = async (way: string) => {
          const [, text] = await ask(site, `/dynamic/memoized?way=${way}&post=40`);
          const [, made, title] = /data-made="([^"]+)">([^<]*)</.exec(text) ?? [];
          return { made, title };
        };
        const change = async (title: string) => {
          const headers = { cookie: await signIn(site.url), 'content-type': 'application/json' };
          const body = JSON.stringify({ title, _status: 'published' });
          const response = await fetch(`${site.url}/api/posts/40`, { method: 'PATCH', headers, body });
          expect(response.status).toBe(200);
        };
        const ways = ['around', 'direct', 'inside', 'after', 'second'];
        await change('Memoized');
        for (const way of ways) {
          // Kept behind the response.
          await expect
            .poll(async () => new Set([(await kept(way)).made, (await kept(way)).made]).size)
            .toBe(1);
          expect((await kept(way)).title, way).toBe('Memoized');
        }
        await change('Written');
        const titles: Record<string, string | undefined> = {};
        for (const way of ways) titles[way] = (await kept(way)).title;
        // As docs/functions.md warns: nothing tells what a render remembers.
        expect(titles).toEqual({
          around: 'Written',
          direct: 'Written',
          inside: 'Written',
          after: 'Memoized',
          second: 'Memoized',
        });
      });

      test.skipIf(!hasRedis)('a server with a bound sees the edit of another one within it', async () => {
        const bounded = {
          ...env,
          DATABASE_URI: `file:${path.join(site.dir, 'site.db')}`,
          PAYLOAD_KV_CONSISTENCY: '2s',
        };
        const servers: RunningSite[] = [];
        try {
          for (const name of ['one', 'other']) {
            const server = await startSite(built, bounded);
            servers.push(server);
            // Its Payload starts with the first page that it renders.
            await ask(server, '/dynamic');
            await expect
              .poll(async () => (await ask(server, '/posts/fish-37'))[0], { message: name })
              .toBe('HIT');
          }
          const [one, other] = servers as [RunningSite, RunningSite];
          // Asked again and again, Redis is asked for the page, and for versions once in two seconds.
          const reads = await redisReads();
          for (let view = 0; view < 20; view += 1) await ask(other, '/posts/fish-37');
          expect((await redisReads()) - reads).toBeLessThan(35);

          const response = await fetch(`${one.url}/api/globals/header`, {
            method: 'POST',
            headers: { cookie: await signIn(one.url), 'content-type': 'application/json' },
            body: JSON.stringify({ title: 'Within the bound' }),
          });
          expect(response.status).toBe(200);
          const written = Date.now();
          expect((await ask(one, '/posts/fish-37'))[1]).toContain('Within the bound');
          // It may show what was until then, and nobody tells it.
          await expect
            .poll(async () => (await ask(other, '/posts/fish-37'))[1], { timeout: 30_000 })
            .toContain('Within the bound');
          console.log(`an edit was seen by another server, bounded by 2 s, after ${Date.now() - written} ms`);
        } finally {
          for (const server of servers) await server.stop();
        }
      });

      /** How often Redis was asked for keys. */
      const redisReads = async (): Promise<number> => {
        const told = await redis!.connect().info('commandstats');
        return [...told.matchAll(/cmdstat_m?get:calls=(\d+)/g)].reduce(
          (sum, [, calls]) => sum + Number(calls),
          0,
        );
      };

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
