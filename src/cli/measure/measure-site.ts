/**
 * Measures a running site from outside, as a visitor who is not logged in: the first answer to a query against the
 * same query asked again. A site has no switch by which a visitor could do without its cache, and gets none: the first
 * query is one that nobody has asked before.
 */
import { PayloadKVError } from '../../errors.js';
import { isObject } from '../../platform/is-object.js';
import { isAddressable } from '../site/site-address.js';
import { bytesOf, parsed, whyUnreachable } from '../site/site-answer.js';
import { type MeasuredCollection, type MeasuredQuery, median, type RefusedQuery } from './measurement.js';

/** How many queries are asked first and again. */
const SAMPLES = 5;
const LONGEST_ANSWER_MS = 30_000;
/** Longer than any answer with ten documents. */
const LONGEST_ANSWER_MB = 32;

/** What is asked of a site. */
export interface SiteOptions {
  /** Where its REST API is, without a slash at the end, e.g. `http://localhost:3000/api`. */
  api: string;
  /** The header `authorization`. Default: none. */
  authorization?: string;
  /** Slugs of the collections to ask for. */
  collections: readonly string[];
  /** Called with the slug of each collection before it is asked for. */
  onCollection?(slug: string): void;
}

/**
 * Asks a site for ten documents of each collection, and for single ones.
 * @throws PayloadKVError `MEASURE_UNREACHABLE`, `MEASURE_NO_API`
 */
export async function measureSite(options: SiteOptions): Promise<MeasuredCollection[]> {
  const { collections, onCollection, ...site } = options;
  const measured: MeasuredCollection[] = [];
  for (const slug of collections) {
    onCollection?.(slug);
    measured.push(await measureCollection(site, slug));
  }
  const isNowhere = (it: MeasuredCollection) => it.status === 'refused' && it.httpStatus === 404;
  if (measured.length > 0 && measured.every(isNowhere))
    throw noAPI(site.api, 'it answers 404 to every collection');
  return measured;
}

type Site = Pick<SiteOptions, 'api' | 'authorization'>;

async function measureCollection(site: Site, slug: string): Promise<MeasuredCollection> {
  const { api } = site;
  const base = `${api}/${encodeURIComponent(slug)}`;
  // A server in development compiles what it is asked for at first.
  const first = await ask(site, `${base}?limit=10`);
  if (first.status !== 200) return { slug, status: 'refused', httpStatus: first.status };
  const { docs } = first.body as { docs?: unknown };
  if (!Array.isArray(docs)) throw noAPI(api, `its answer for ${slug} has no \`docs\``);
  if (docs.some((it) => typeof it !== 'object' || it === null))
    throw noAPI(api, `its answer for ${slug} has \`docs\` that are none`);
  if (docs.length === 0) return { slug, status: 'empty' };

  const fresh = await ask(site, `${base}?${neverAsked()}`);
  // Without a date of creation, what nobody has just asked is another number of documents.
  const queryOf = (count: number) => (fresh.status === 200 ? neverAsked() : `limit=${11 + count}`);
  const lists = Array.from({ length: SAMPLES }, (_, count) => `${base}?${queryOf(count)}`);
  const ids = docs
    .map(({ id }: { id?: unknown }) => id)
    .filter(isAddressable)
    .slice(0, SAMPLES)
    .map((id) => `${base}/${encodeURIComponent(id)}`);
  const asked = [
    await measureQuery(site, 'find', docs.length, lists),
    ...(ids.length > 0 ? [await measureQuery(site, 'findByID', 1, ids)] : []),
  ];
  const queries = asked.filter((it): it is MeasuredQuery => !('httpStatus' in it));
  const refused = asked.filter((it): it is RefusedQuery => 'httpStatus' in it);
  if (queries.length === 0) return { slug, status: 'refused', httpStatus: refused[0]!.httpStatus };
  return { slug, status: 'measured', queries, ...(refused.length > 0 ? { refused } : {}) };
}

/** Ten documents, by a condition that all meet and nobody has asked for: the milliseconds of some day in 1970. */
function neverAsked(): string {
  const date = new Date(Math.floor(Math.random() * 31_000_000_000)).toISOString();
  return `limit=10&where[createdAt][greater_than]=${encodeURIComponent(date)}`;
}

async function measureQuery(
  site: Site,
  query: MeasuredQuery['query'],
  documents: number,
  addresses: readonly string[],
): Promise<MeasuredQuery | RefusedQuery> {
  const times = { first: [] as number[], again: [] as number[] };
  for (const address of addresses) {
    for (const order of ['first', 'again'] as const) {
      const { status, ms } = await ask(site, address);
      // An error is quick, and says nothing about documents.
      if (status !== 200) return { query, httpStatus: status };
      times[order].push(ms);
      // The entry is stored beside the answer.
      if (order === 'first') await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return {
    query,
    documents,
    samples: addresses.length,
    ms: { without: median(times.first), with: median(times.again) },
  };
}

interface Answer {
  status: number;
  body: unknown;
  ms: number;
}

async function ask({ api, authorization }: Site, address: string): Promise<Answer> {
  const start = performance.now();
  let response: Response;
  let text: string | undefined;
  try {
    response = await fetch(address, {
      headers: { accept: 'application/json', ...(authorization === undefined ? {} : { authorization }) },
      redirect: 'manual',
      signal: AbortSignal.timeout(LONGEST_ANSWER_MS),
    });
    text = (await bytesOf(response, LONGEST_ANSWER_MB))?.toString('utf8');
  } catch (error) {
    throw unreachable(new URL(api), error);
  }
  const ms = performance.now() - start;
  const { status } = response;
  if (text === undefined) throw noAPI(api, `it answers with more than ${LONGEST_ANSWER_MB} MB`);
  if (status >= 300 && status < 400)
    throw noAPI(api, `it redirects to ${placeOf(response.headers.get('location'), address)}`);
  const found = parsed(text);
  const body = isObject(found) ? found : undefined;
  if (body === undefined && ![401, 403].includes(status)) {
    const isPage = /^\s*</.test(text);
    throw noAPI(api, `it answers ${isPage ? 'a page' : 'text'} instead of JSON, with ${status}`);
  }
  return { status, body, ms };
}

/** Where a redirection leads: a query may hold a token. */
function placeOf(location: string | null, address: string): string {
  if (location === null || !URL.canParse(location, address)) return 'elsewhere';
  const { origin, pathname } = new URL(location, address);
  return origin === new URL(address).origin ? pathname : `${origin}${pathname}`;
}

function unreachable(api: URL, error: unknown): PayloadKVError {
  const {
    message,
    nextStep = 'Start the site, or leave --url out: then the config is asked, and no site has to run.',
  } = whyUnreachable(api, error, LONGEST_ANSWER_MS);
  return new PayloadKVError({ code: 'MEASURE_UNREACHABLE', message, nextStep, cause: error });
}

function noAPI(api: string, what: string): PayloadKVError {
  return new PayloadKVError({
    code: 'MEASURE_NO_API',
    message: `There is no REST API of Payload at ${api}: ${what}.`,
    nextStep:
      'Give the path that `routes.api` of the config says with it, e.g. --url http://localhost:3000/api.',
  });
}
