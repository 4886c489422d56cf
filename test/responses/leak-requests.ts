/** What everybody asks of the site; what is said to whom is decided by all that Payload has for it. */
import type { PersonRequest } from '../people/requests.js';

/** What is there to ask for. */
export interface Known {
  articles: readonly number[];
  tenants: readonly number[];
  users: readonly number[];
}

const get = (path: string): PersonRequest => ({ method: 'GET', path });
const query = (text: string, variables?: object, search = ''): PersonRequest => ({
  method: 'POST',
  path: `/graphql${search}`,
  body: { query: text, ...(variables && { variables }) },
});

const BY_SLUG =
  'query ($slug: String, $limit: Int) { Articles(where: { slug: { equals: $slug } }, limit: $limit) { docs { id title price } } }';

/** The requests, by name. */
export function leakRequests({ articles, tenants, users }: Known): Record<string, PersonRequest> {
  const [first, second, third, draft] = articles as [number, number, number, number];
  const [tenant, otherTenant] = tenants as [number, number];
  return {
    'list by access': get('/articles?sort=slug&limit=20'),
    'list without depth': get('/articles?sort=slug&limit=20&depth=0'),
    'list at depth': get('/articles?sort=slug&limit=5&depth=3'),
    'second page': get('/articles?sort=-slug&limit=3&page=2&depth=0'),
    'where on a field not for all': get('/articles?where[price][greater_than]=2&sort=slug&depth=0'),
    'where along a relation': get('/articles?where[tenant.name][equals]=Tenant A&sort=slug&depth=0'),
    'where on a field that is refused': get('/tenants?where[contract][like]=of the first&depth=0'),
    'one by id': get(`/articles/${first}?depth=1`),
    'one of the other tenant': get(`/articles/${second}?depth=1`),
    'one that is not open': get(`/articles/${third}?depth=2`),
    'one that is a draft': get(`/articles/${draft}?depth=0`),
    'the draft of one': get(`/articles/${draft}?draft=true&depth=0`),
    'drafts in a list': get('/articles?draft=true&sort=slug&depth=0'),
    'drafts by status': get('/articles?where[_status][equals]=draft&sort=slug&depth=0'),
    'a count': get('/articles/count'),
    'a count with where': get('/articles/count?where[price][greater_than]=3'),
    versions: get(`/articles/versions?where[parent][equals]=${first}&sort=id&depth=0`),
    'field access': get(`/tenants/${tenant}?depth=0`),
    'field access of the other': get(`/tenants/${otherTenant}?depth=0`),
    'a join': get(`/tenants/${tenant}?depth=2&joins[articles][limit]=3`),
    'select of a field not for all': get('/articles?sort=slug&select[price]=true&select[tenant]=true'),
    'select without it': get('/articles?sort=slug&select[price]=false'),
    populate: get('/articles?sort=slug&limit=4&depth=1&populate[tenants][contract]=true'),
    'another locale': get('/articles?sort=slug&limit=6&locale=de&depth=0'),
    'all locales': get('/articles?sort=slug&limit=6&locale=all&depth=0'),
    trash: get('/articles?trash=true&sort=slug&depth=0'),
    'only trash': get('/articles?trash=true&where[deletedAt][exists]=true&sort=slug&depth=0'),
    global: get('/globals/settings?depth=2'),
    'global, another locale': get('/globals/settings?depth=0&locale=de'),
    users: get('/users?sort=id&depth=1'),
    'a user': get(`/users/${users[0]}?depth=0`),
    'whoever asks': get('/users/me?depth=0'),
    'what whoever asks may': get('/access'),
    'aliases of GraphQL': query(`{
      cheap: Articles(where: { price: { less_than: 3 } }, sort: "slug") { docs { id price } }
      open: Articles(where: { isOpen: { equals: true } }, sort: "slug", limit: 4) { docs { title tenant { contract } } }
      one: Article(id: ${first}) { title price related { title price } }
      german: Article(id: ${first}, locale: de) { title }
    }`),
    'variables of GraphQL': query(BY_SLUG, { slug: 'article-1', limit: 2 }),
    'other variables of GraphQL': query(BY_SLUG, { slug: 'article-2', limit: 2 }),
    'field access of GraphQL': query(
      `{ Tenant(id: ${tenant}) { name contract articles { docs { slug price } } } }`,
    ),
    'a locale beside GraphQL': query(
      '{ Articles(sort: "slug", limit: 3) { docs { title } } }',
      undefined,
      '?locale=de',
    ),
    'drafts of GraphQL': query('{ Articles(draft: true, sort: "slug") { docs { title price _status } } }'),
    'the settings of GraphQL': query(
      '{ Setting { headline internal first { slug price } } countArticles { totalDocs } }',
    ),
    'whoever asks GraphQL': query('{ meUser { user { id email role } strategy } }'),
  };
}
