/** The addresses of the fixture `site` that are asked again and again: by the bench, and by tests of what they cost. */
export interface SitePage {
  name: string;
  path: string;
  /** A GraphQL query, which is posted. */
  query?: string;
  /** For who has signed in. */
  signedIn?: boolean;
}

const POSTS =
  '{ Posts(limit: 10) { docs { title authors { name portrait { url } } categories { title } image { url } } } }';

/** What everybody may see. */
export const PUBLIC_PAGES: readonly SitePage[] = [
  { name: 'home page, rendered for each visitor', path: '/dynamic' },
  { name: 'post, rendered for each visitor', path: '/dynamic/posts/charts-62' },
  { name: 'search', path: '/search?q=boat' },
  { name: 'home page, static', path: '/' },
  { name: 'post, ISR', path: '/posts/charts-62' },
  { name: 'author, ISR', path: '/authors/1' },
  { name: 'REST: ten posts, depth 2', path: '/api/posts?limit=10&depth=2' },
  { name: 'REST: a post by id, depth 2', path: '/api/posts/5?depth=2' },
  { name: 'REST: authors', path: '/api/users?limit=5' },
  { name: 'GraphQL: ten posts', path: '/api/graphql', query: POSTS },
];

/** What editors see. */
export const ADMIN_PAGES: readonly SitePage[] = [
  { name: 'admin: dashboard', path: '/admin', signedIn: true },
  { name: 'admin: list of posts', path: '/admin/collections/posts', signedIn: true },
  { name: 'admin: a post', path: '/admin/collections/posts/5', signedIn: true },
  { name: 'admin: a page', path: '/admin/collections/pages/1', signedIn: true },
  { name: 'admin: a global', path: '/admin/globals/header', signedIn: true },
];

/** Asks for a page; throws where it is not answered as it should be. */
export async function visit(url: string, page: SitePage, cookie = ''): Promise<string> {
  const response = await fetch(url + page.path, {
    redirect: 'manual',
    headers: {
      ...(page.signedIn ? { cookie } : {}),
      ...(page.query ? { 'content-type': 'application/json' } : {}),
    },
    ...(page.query ? { method: 'POST', body: JSON.stringify({ query: page.query }) } : {}),
  });
  const body = await response.text();
  if (response.status !== 200)
    throw new Error(`${page.path} was answered with ${response.status}: ${body.slice(0, 500)}`);
  return body;
}

/** Without what differs from one render to the next, and from one server to another. */
export function comparable(body: string): string {
  const stable = body
    .replace(/data-rendered="[^"]*"|"data-rendered":"[^"]*"|\\"data-rendered\\":\\"[^"\\]*\\"/g, '')
    .replace(/http:\/\/127\.0\.0\.1:\d+/g, '')
    .split(/(?=<script)/)
    .map((part) => (part.startsWith('<script') ? part.replace(/^<script[\s\S]*?<\/script>/, '') : part))
    .join('');
  // Lists that are read at the same time name their pictures in the order in which they come.
  const preload = /<link rel="preload"[^>]*>/g;
  return [...(stable.match(preload) ?? []).sort(), stable.replace(preload, '')].join('');
}

/** Thirty clients that go away before they are answered, then eight at a time that ask for `visits` pages each. */
export async function crowd(url: string, visits: number): Promise<void> {
  const pages = PUBLIC_PAGES.filter(({ query }) => !query);
  const aborted = Array.from({ length: 30 }, async (_, number) => {
    const signal = AbortSignal.timeout(1 + (number % 10));
    await fetch(url + pages[number % pages.length]!.path, { signal }).then(
      (response) => response.text(),
      () => {},
    );
  });
  await Promise.all(aborted);
  const clients = Array.from({ length: 8 }, async (_, client) => {
    for (let visited = 0; visited < visits; visited += 1) {
      await visit(url, pages[(client + visited) % pages.length]!);
    }
  });
  await Promise.all(clients);
}
