/** What people ask of a site, over REST and GraphQL, and what they change. */

/** Who somebody is to the site. */
export const PEOPLE = ['visitor', 'editor of the first', 'editor of the second', 'admin', 'member'] as const;
export type PersonName = (typeof PEOPLE)[number];

/** A request, as plain data, so that it can be sent to several processes. */
export interface PersonRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below `/api`. */
  path: string;
  body?: unknown;
}

/** What is there to ask for. */
export interface Known {
  articles: (number | string)[];
  tenants: (number | string)[];
}

export type Random = () => number;

const oneOf = <Item>(random: Random, items: readonly Item[]): Item =>
  items[Math.floor(random() * items.length)] as Item;

const graphql = (query: string): PersonRequest => ({ method: 'POST', path: '/graphql', body: { query } });

/** Slugs of the first articles; one that nobody has is among them. */
const slugOf = (random: Random): string => `article-${Math.floor(random() * 13)}`;

const QUERIES: ((known: Known, random: Random) => string)[] = [
  (_known, random) => `where[slug][equals]=${slugOf(random)}`,
  (_known, random) => `where[slug][equals]=${slugOf(random)}&draft=true`,
  (known, random) =>
    `where[tenant][equals]=${oneOf(random, known.tenants)}&sort=slug&limit=${oneOf(random, [2, 5])}`,
  (_known, random) => `where[tenant.name][equals]=Tenant ${oneOf(random, ['A', 'B'])}&sort=slug&depth=0`,
  (_known, random) => `where[price][greater_than]=${oneOf(random, [2, 5])}&sort=slug&limit=3`,
  (_known, random) =>
    `where[or][0][isOpen][equals]=true&where[or][1][price][equals]=3&sort=-slug&page=${oneOf(random, [1, 2])}&limit=3`,
  (_known, random) =>
    `sort=slug&limit=3&locale=${oneOf(random, ['en', 'de'])}&depth=${oneOf(random, [0, 1, 2])}`,
  () => 'sort=slug&limit=2&select[parts][text]=true&select[title]=false',
  () => 'sort=slug&limit=2&select[title]=false&select[parts][text]=true',
  () => 'sort=slug&limit=2&depth=1&populate[tenants][name]=true',
];

/** A read that anybody may send; what it says to whom is the site's business. */
export function readRequest(known: Known, random: Random): PersonRequest {
  const get = (path: string): PersonRequest => ({ method: 'GET', path });
  const article = oneOf(random, known.articles);
  const tenant = oneOf(random, known.tenants);
  const choice = random();
  if (choice < 0.4) return get(`/articles?${oneOf(random, QUERIES)(known, random)}`);
  if (choice < 0.55)
    return get(`/articles/${article}?depth=${oneOf(random, [0, 1])}${oneOf(random, ['', '&draft=true'])}`);
  if (choice < 0.6) return get(`/articles/count?${oneOf(random, QUERIES)(known, random)}`);
  if (choice < 0.64)
    return get(`/articles/versions?where[parent][equals]=${article}&sort=id&limit=3&depth=0`);
  if (choice < 0.7)
    return get(`/tenants/${tenant}${oneOf(random, ['', '?joins[articles][limit]=2', '?joins=false'])}`);
  if (choice < 0.74)
    return get(`/globals/settings?depth=${oneOf(random, [0, 1])}&locale=${oneOf(random, ['en', 'de'])}`);
  if (choice < 0.77) return get('/tenants?sort=id&depth=0');
  // Several at once, which share a request.
  if (choice < 0.9)
    return graphql(`{
      list: Articles(sort: "slug", limit: 3) { totalDocs docs { id title slug price tenant { name contract } } }
      one: Article(id: ${JSON.stringify(article)}) { title price related { slug price } }
      again: Article(id: ${JSON.stringify(article)}, locale: de) { title isOpen }
      several: countArticles(where: { isOpen: { equals: true } }) { totalDocs }
      owner: Tenant(id: ${JSON.stringify(tenant)}) { name contract articles { docs { slug price } } }
    }`);
  return graphql(`{
    settings: Setting { headline internal first { slug price } }
    found: Articles(where: { slug: { equals: "${slugOf(random)}" } }) { docs { id parts { text source { name contract } } } }
    drafts: Articles(draft: true, sort: "slug", limit: 2) { docs { title _status } }
  }`);
}

/** A change. Whether the person may make it is the site's business, too. */
export function writeRequest(known: Known, random: Random): PersonRequest {
  const article = oneOf(random, known.articles);
  const tenant = oneOf(random, known.tenants);
  const word = `Word ${Math.floor(random() * 1_000)}`;
  const price = Math.floor(random() * 8);
  const isOpen = random() < 0.6;
  const choice = random();
  if (choice < 0.3)
    return {
      method: 'PATCH',
      path: `/articles/${article}?locale=${oneOf(random, ['en', 'de'])}`,
      body: { title: word, price, isOpen, _status: oneOf(random, ['draft', 'published', 'published']) },
    };
  if (choice < 0.4)
    return { method: 'PATCH', path: `/articles/${article}?draft=true`, body: { title: word } };
  if (choice < 0.5)
    return {
      method: 'PATCH',
      path: `/articles/${article}?depth=0`,
      body: {
        tenant,
        related: [oneOf(random, known.articles)],
        parts: [{ text: word, source: oneOf(random, known.tenants) }],
      },
    };
  if (choice < 0.58)
    return { method: 'PATCH', path: `/articles?where[tenant][equals]=${tenant}&depth=0`, body: { isOpen } };
  if (choice < 0.66) return { method: 'PATCH', path: `/tenants/${tenant}`, body: { contract: word } };
  if (choice < 0.7)
    return {
      method: 'PATCH',
      path: `/tenants/${tenant}`,
      body: { name: `Tenant ${oneOf(random, ['A', 'B'])}` },
    };
  if (choice < 0.76)
    return {
      method: 'POST',
      path: '/globals/settings',
      body: { headline: word, internal: word, first: article },
    };
  if (choice < 0.82)
    return {
      method: 'POST',
      path: '/articles',
      body: { slug: slugOf(random), title: word, price, isOpen, tenant, _status: 'published' },
    };
  if (choice < 0.88) return { method: 'DELETE', path: `/articles/${article}` };
  // Several changes of one request, and a question among them.
  return graphql(`mutation {
    one: updateArticle(id: ${JSON.stringify(article)}, data: { title: "${word}", price: ${price} }) { title price }
    two: updateArticle(id: ${JSON.stringify(oneOf(random, known.articles))}, data: { isOpen: ${isOpen} }, draft: ${random() < 0.3}) { slug isOpen }
    three: updateTenant(id: ${JSON.stringify(tenant)}, data: { contract: "${word}" }) { contract }
  }`);
}
