import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { type RunningSite, signIn } from '../support/site.js';
import { type BuiltSite, OWN_ENVIRONMENT } from '../support/site-build.js';
import { comparable } from './pages.js';

/** Pages of the fixture `site` that Next keeps, by what they show. */
export const KEPT_PAGES = {
  home: '/',
  about: '/about',
  posts: '/posts',
  newest: '/posts/charts-62',
  'next to it': '/posts/fish-61',
  old: '/posts/birds-10',
  doomed: '/posts/lights-20',
  Ada: '/authors/1',
  Boats: '/categories/boats',
  Fish: '/categories/fish',
  redirect: '/old',
  nowhere: '/gone',
  feed: '/feed.xml',
} as const;

/** A page of {@link KEPT_PAGES}. */
export type KeptPage = keyof typeof KEPT_PAGES;
const NAMES = Object.keys(KEPT_PAGES) as KeptPage[];

/** A kind of write, and the pages that show something of it. */
export interface SiteWrite {
  name: string;
  pages: readonly KeptPage[];
  /** Whether it is made by another process than the site's, which needs a registry that both have. */
  elsewhere?: boolean;
  run(tools: WriteTools): Promise<unknown>;
}

/** What a write is made with. */
export interface WriteTools {
  /** By Payload's REST. */
  rest(method: string, path: string, body?: object): Promise<any>;
  /** By another process. */
  other(...call: unknown[]): Promise<void>;
}

/** Lists of posts: any post may come into them. */
const LISTS = ['home', 'posts', 'Ada', 'Boats', 'Fish', 'feed'] as const;
const idOf = async ({ rest }: WriteTools, slug: string, collection = 'posts'): Promise<number> =>
  (await rest('GET', `${collection}?where[slug][equals]=${slug}&depth=0&draft=true`)).docs[0].id;

const PUBLISHED = { _status: 'published' };

/** Kinds of writes, in an order in which they can be made. */
export const SITE_WRITES: readonly SiteWrite[] = [
  {
    name: 'post edited',
    pages: [...LISTS, 'newest'],
    run: async (tools) =>
      tools.rest('PATCH', `posts/${await idOf(tools, 'charts-62')}`, {
        title: 'Charts, redrawn',
        ...PUBLISHED,
      }),
  },
  {
    name: 'post saved as a draft',
    pages: [],
    run: async (tools) =>
      tools.rest('PATCH', `posts/${await idOf(tools, 'charts-62')}?draft=true&autosave=true`, {
        title: 'Charts, not yet',
      }),
  },
  {
    name: 'post unpublished',
    pages: [...LISTS, 'newest'],
    run: async (tools) =>
      tools.rest('PATCH', `posts/${await idOf(tools, 'charts-62')}`, { _status: 'draft' }),
  },
  {
    name: 'post published',
    pages: [...LISTS, 'newest'],
    run: async (tools) => tools.rest('PATCH', `posts/${await idOf(tools, 'charts-62')}`, PUBLISHED),
  },
  {
    // Whatever may refer to a post may have lost it, the header and redirects too.
    name: 'post deleted',
    pages: NAMES,
    run: async (tools) => tools.rest('DELETE', `posts/${await idOf(tools, 'lights-20')}`),
  },
  {
    name: 'author renamed',
    pages: ['home', 'posts', 'Ada', 'feed'],
    run: ({ rest }) => rest('PATCH', 'users/1', { name: 'Ada Brook-Castor' }),
  },
  {
    name: 'header changed',
    pages: NAMES.filter((name) => name !== 'feed'),
    run: ({ rest }) => rest('POST', 'globals/header', { title: 'Pier Notes' }),
  },
  {
    name: 'picture in a text, and of posts, changed',
    pages: ['home', 'posts', 'newest', 'next to it', 'old', 'Ada', 'feed'],
    run: ({ rest }) => rest('PATCH', 'media/12', { alt: 'Seen from the pier' }),
  },
  {
    // That of an author as well.
    name: 'picture in a block changed',
    pages: ['home', 'posts', 'old', 'Ada', 'feed'],
    run: ({ rest }) => rest('PATCH', 'media/6', { alt: 'A lamp' }),
  },
  {
    name: 'category renamed',
    pages: ['home', 'posts', 'Ada', 'Boats', 'feed'],
    run: async (tools) =>
      tools.rest('PATCH', `categories/${await idOf(tools, 'boats', 'categories')}`, {
        title: 'Boats and ships',
      }),
  },
  {
    name: 'post moved into a category (join)',
    pages: [...LISTS, 'old'],
    run: async (tools) =>
      tools.rest('PATCH', `posts/${await idOf(tools, 'birds-10')}`, {
        categories: [await idOf(tools, 'boats', 'categories')],
        ...PUBLISHED,
      }),
  },
  {
    name: 'post created (list of a block)',
    pages: LISTS,
    run: ({ rest }) =>
      rest('POST', 'posts', {
        title: 'Fog',
        slug: 'fog-64',
        publishedOn: '2026-06-01T00:00:00.000Z',
        ...PUBLISHED,
      }),
  },
  {
    name: 'redirect changed',
    pages: ['redirect'],
    run: ({ rest }) => rest('PATCH', 'redirects/1', { to: { type: 'custom', url: '/posts' } }),
  },
  {
    name: 'redirect made where there was nothing',
    pages: ['nowhere'],
    run: ({ rest }) => rest('POST', 'redirects', { from: '/gone', to: { type: 'custom', url: '/posts' } }),
  },
  {
    name: 'post written by another process',
    pages: [...LISTS, 'newest'],
    elsewhere: true,
    run: async (tools) =>
      tools.other('update', {
        collection: 'posts',
        id: await idOf(tools, 'charts-62'),
        data: { title: 'Charts, from elsewhere', ...PUBLISHED },
        // Hooks that tell Next would throw where there is none.
        context: { disableRevalidate: true },
      }),
  },
  {
    name: 'raw SQL and invalidateCache',
    pages: NAMES,
    elsewhere: true,
    run: ({ other }) => other('sql', `update posts set title = 'By hand' where slug = 'fish-61'`, 'posts'),
  },
  {
    name: 'scheduled publish, by a job',
    pages: [...LISTS, 'newest'],
    run: async (tools) => {
      const value = await idOf(tools, 'charts-62');
      await tools.other('queue', {
        task: 'schedulePublish',
        input: { type: 'unpublish', doc: { relationTo: 'posts', value } },
      });
      for (let attempt = 1; ; attempt += 1) {
        const { noJobsRemaining } = await tools.rest('GET', 'payload-jobs/run?allQueues=true');
        if (!noJobsRemaining) break;
        if (attempt === 10) throw new Error('The job was never found.');
        await sleep(200);
      }
    },
  },
];

/** What a page was when it was asked for. */
interface Seen {
  /** When it was rendered, and in which render of all. */
  rendered: string;
  cache: string;
  /** What a visitor is shown of it. */
  shown: string;
}

/** What tells Next of writes: this package, in either way, or hooks as those of Payload's website template. */
export type Telling = 'handler' | 'push' | 'hooks';

/** What a site is started with, so that Next is told. */
export function environmentOf(
  { dir }: BuiltSite,
  revalidate: Telling,
  redis?: number,
): Record<string, string> {
  if (revalidate === 'hooks') return { SITE_HOOKS: '1', PAYLOAD_KV_ENABLED: 'false' };
  const { resolve } = createRequire(`${dir}/`);
  return {
    SITE_PAGES: revalidate,
    // A busy machine answers later than a server, and what was not answered in time is in the log.
    ...(redis
      ? {
          REDIS_URL: `redis://127.0.0.1:${redis}/${revalidate === 'push' ? 0 : 1}`,
          PAYLOAD_KV_TIMEOUT: '10000',
        }
      : {}),
    ...(revalidate === 'handler'
      ? {
          SITE_CACHE_HANDLER: resolve('payload-kv/next/cache-handler'),
          SITE_USE_CACHE_HANDLER: resolve('payload-kv/next/use-cache-handler'),
        }
      : {}),
  };
}

/** What became of the pages after a write. */
export interface PagesAfter {
  write: SiteWrite;
  /** Those that were rendered anew. */
  anew: KeptPage[];
  /** Those whose content the write has changed. */
  changed: KeptPage[];
  /** Those of them that go on to show what was. */
  missed: KeptPage[];
  /** Those of them that showed it to one more visitor. */
  late: KeptPage[];
  /** Those that were rendered anew, and show the same. */
  needless: KeptPage[];
}

/** Makes each write, and sees which pages are rendered anew. */
export async function seePages(
  built: BuiltSite,
  site: RunningSite,
  env: Record<string, string>,
  writes = SITE_WRITES,
  report: (after: PagesAfter) => void = () => {},
): Promise<PagesAfter[]> {
  const cookie = await signIn(site.url);
  const tools: WriteTools = {
    async rest(method, path, body) {
      const response = await fetch(`${site.url}/api/${path}`, {
        method,
        headers: { cookie, ...(body ? { 'content-type': 'application/json' } : {}) },
        body: body && JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      return response.json();
    },
    async other(...call) {
      // Node 20 lets a process whose modules are loaded by tsx end without a word, at times, before it has begun.
      for (let attempt = 1; ; attempt++) {
        const { stdout } = await execa('npm', ['run', 'write'], {
          cwd: built.dir,
          env: {
            ...OWN_ENVIRONMENT,
            ...env,
            DATABASE_URI: `file:${site.dir}/site.db`,
            PAYLOAD_KV_SITE_URL: site.url,
            // As in production: the schema is there.
            NODE_ENV: 'production',
            WRITE: JSON.stringify(call),
          },
          stdin: 'ignore',
        });
        if (/^written$/m.test(stdout)) return;
        if (/^begun$/m.test(stdout) || attempt === 5) throw new Error(`The write was not made:\n${stdout}`);
      }
    },
  };
  // The first write to a collection with slices tells others of them, which makes stale what depends on any.
  for (const path of ['posts/1', 'pages/1', 'categories/1', 'redirects/1'])
    await tools.rest('PATCH', path, path.startsWith('p') ? PUBLISHED : {});
  const results: PagesAfter[] = [];
  let before = await freshPages(site.url);
  for (const write of writes) {
    // What lies in the site's process alone is seen by no other.
    if (write.elsewhere && env.SITE_PAGES === 'handler' && !env.REDIS_URL) continue;
    await write.run(tools);
    const after = await pages(site.url);
    // What is stale is shown once more, and rendered behind that.
    const settled = NAMES.some((name) => after[name].cache === 'STALE')
      ? await settledPages(site.url)
      : after;
    const fresh = await freshPages(site.url);
    const those = (is: (name: KeptPage) => boolean): KeptPage[] => NAMES.filter(is);
    const anew = those(
      (name) => after[name].rendered !== before[name].rendered || after[name].cache !== 'HIT',
    );
    const changed = those((name) => fresh[name].shown !== before[name].shown);
    const missed = those((name) => settled[name].shown !== fresh[name].shown);
    const late = those((name) => after[name].shown !== fresh[name].shown && !missed.includes(name));
    const needless = anew.filter((name) => !changed.includes(name));
    const result = { write, anew, changed, missed, late, needless };
    report(result);
    results.push(result);
    before = fresh;
  }
  return results;
}

/** All pages, each rendered after now, and from the cache. */
async function freshPages(url: string): Promise<Record<KeptPage, Seen>> {
  const before = await pages(url);
  const response = await fetch(`${url}/revalidations?path=/&below`, { method: 'POST' });
  if (!response.ok) throw new Error(`Nothing was made anew: ${response.status}`);
  const fresh = await settledPages(url);
  const old = NAMES.filter((name) => fresh[name].rendered === before[name].rendered);
  if (old.length > 0) throw new Error(`Never made anew: ${old.join(', ')}`);
  return fresh;
}

/** Asks for all pages until each comes from the cache. */
async function settledPages(url: string): Promise<Record<KeptPage, Seen>> {
  for (let attempt = 0; ; attempt += 1) {
    const seen = await pages(url);
    const others = NAMES.filter((name) => seen[name].cache !== 'HIT');
    if (others.length === 0) return seen;
    if (attempt === 20) throw new Error(`Never from the cache: ${others.join(', ')}`);
    await sleep(50);
  }
}

async function pages(url: string): Promise<Record<KeptPage, Seen>> {
  const seen = {} as Record<KeptPage, Seen>;
  for (const name of NAMES) {
    const response = await fetch(url + KEPT_PAGES[name], { redirect: 'manual' });
    const text = await response.text();
    const [, rendered = ''] = /data-rendered(?:\\?")?[:=]\\?"([^"\\]+)/.exec(text) ?? [];
    const { status, headers } = response;
    // Next sends it twice where it has just rendered the page.
    const [location = ''] = (headers.get('location') ?? '').split(', ');
    const shown = [status, location, comparable(text)].join('\n');
    seen[name] = { rendered, cache: headers.get('x-nextjs-cache') ?? '', shown };
  }
  return seen;
}

/**
 * A table of writes × pages: `●` rendered anew, `○` for nothing, `◐` after one more visitor was shown what was, `✗` not
 * although it had to be, `·` as it was. With `!` what is not as {@link SITE_WRITES} says.
 */
export function tableOf(results: readonly PagesAfter[], isAsSaid = true): string {
  const width = Math.max(...results.map(({ write }) => write.name.length));
  const head = [' '.repeat(width), ...NAMES].join('  ');
  const lines = results.map((result) => {
    const { write, anew } = result;
    const cells = NAMES.map((name) => {
      const isWrong = isAsSaid && write.pages.includes(name) !== anew.includes(name);
      return `${signOf(result, name)}${isWrong ? '!' : ''}`.padEnd(name.length);
    });
    return [write.name.padEnd(width), ...cells].join('  ');
  });
  return [head, ...lines].join('\n');
}

function signOf({ anew, missed, late, needless }: PagesAfter, name: KeptPage): string {
  if (missed.includes(name)) return '✗';
  if (late.includes(name)) return '◐';
  if (needless.includes(name)) return '○';
  return anew.includes(name) ? '●' : '·';
}

/** In one line: what was missed of what had to be rendered anew, and what was for nothing. */
export function summaryOf(results: readonly PagesAfter[]): string {
  const count = (of: (result: PagesAfter) => readonly KeptPage[]): number =>
    results.reduce((sum, result) => sum + of(result).length, 0);
  const changed = count((result) => result.changed);
  return [
    `missed ${count(({ missed }) => missed)} of ${changed}`,
    `${count(({ late }) => late)} shown once more as they were`,
    `${count(({ anew }) => anew)} of ${results.length * NAMES.length} pages rendered anew`,
    `${count(({ needless }) => needless)} of these for nothing`,
  ].join(', ');
}
