/**
 * Measures a running site from outside, as a visitor who is not logged in: the first answer to a query against the
 * same query asked again. A site has no switch by which a visitor could do without its cache, and gets none: the first
 * query is one that nobody has asked before.
 */
import { PayloadKVError } from '../../errors.js';
import { type MeasuredCollection, type MeasuredQuery, median, type RefusedQuery } from './measurement.js';

/** How many queries are asked first and again. */
const SAMPLES = 5;
const LONGEST_ANSWER_MS = 30_000;
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
 * The address of the REST API that `--url` means: its path, or `/api` where it has none.
 * @throws PayloadKVError `USAGE` where it is no address of the web
 */
export function apiOf(url: string): string {
  let parsed: URL | undefined;
  try {
    parsed = new URL(url);
  } catch {
    // Said below.
  }
  if (!parsed || !/^https?:$/.test(parsed.protocol)) {
    throw new PayloadKVError({
      code: 'USAGE',
      message: `--url: \`${withoutSecrets(url)}\` is no address of a site.`,
      nextStep: 'Give it whole, e.g. --url http://localhost:3000.',
    });
  }
  if (parsed.search !== '') {
    throw new PayloadKVError({
      code: 'USAGE',
      message: `--url: the query of \`${withoutSecrets(url)}\` cannot be sent.`,
      nextStep: 'Leave out what begins with the question mark.',
    });
  }
  const path = parsed.pathname.replace(/\/+$/, '');
  return `${parsed.origin}${path === '' ? '/api' : path}`;
}

/** What `--url` says with `user:password@`, as a header; a site that is being built is often behind that. */
export function authorizationOf(url: string): string | undefined {
  const { username, password } = new URL(url);
  if (username === '' && password === '') return undefined;
  const said = [username, password].map(decoded).join(':');
  return `Basic ${Buffer.from(said).toString('base64')}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** An address, or what was to be one, without user, password and query. */
function withoutSecrets(address: string): string {
  return address.replace(/^([a-z][\w+.-]*:\/\/)?.*@/is, '$1').replace(/[?#].*$/s, '');
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

/** Whether a document can be asked for by its id: `..` would lead elsewhere. */
function isAddressable(id: unknown): id is number | string {
  return typeof id === 'number' || (typeof id === 'string' && !['', '.', '..'].includes(id));
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
    text = await textOf(response);
  } catch (error) {
    throw unreachable(new URL(api), error);
  }
  const ms = performance.now() - start;
  const { status } = response;
  if (text === undefined) throw noAPI(api, `it answers with more than ${LONGEST_ANSWER_MB} MB`);
  if (status >= 300 && status < 400)
    throw noAPI(api, `it redirects to ${placeOf(response.headers.get('location'), address)}`);
  const body = parsed(text);
  if (body === undefined && ![401, 403].includes(status)) {
    const isPage = /^\s*</.test(text);
    throw noAPI(api, `it answers ${isPage ? 'a page' : 'text'} instead of JSON, with ${status}`);
  }
  return { status, body, ms };
}

/** The body, unless it is longer than any answer with ten documents. */
async function textOf(response: Response): Promise<string | undefined> {
  const bytes = await bytesOf(response, LONGEST_ANSWER_MB);
  return bytes?.toString('utf8');
}

/** A body, unless it is longer than so many MB. */
export async function bytesOf({ body }: Response, megabytes: number): Promise<Buffer | undefined> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  // What is left when the loop ends is cancelled.
  for await (const piece of body ?? []) {
    length += piece.length;
    if (length > megabytes * 1024 * 1024) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** Where a redirection leads: a query may hold a token. */
function placeOf(location: string | null, address: string): string {
  if (location === null || !URL.canParse(location, address)) return 'elsewhere';
  const { origin, pathname } = new URL(location, address);
  return origin === new URL(address).origin ? pathname : `${origin}${pathname}`;
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function unreachable(api: URL, error: unknown): PayloadKVError {
  const {
    message,
    nextStep = 'Start the site, or leave --url out: then the config is asked, and no site has to run.',
  } = whyUnreachable(api, error, LONGEST_ANSWER_MS);
  return new PayloadKVError({ code: 'MEASURE_UNREACHABLE', message, nextStep, cause: error });
}

/** Why a request had no answer; with what to do about it where the reason tells that. */
export function whyUnreachable(
  { origin, host, protocol, pathname }: URL,
  error: unknown,
  patience: number,
): { message: string; nextStep?: string } {
  const { name, cause } = error as { name?: string; cause?: { code?: string } };
  const { code = '' } = cause ?? {};
  if (/CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)|INVALID_CA/.test(code)) {
    return {
      message: `${origin} has a certificate that is not trusted here (${code}).`,
      nextStep:
        'Name the authority of the certificate with NODE_EXTRA_CA_CERTS=<file>, or ask the site by a name that the certificate has.',
    };
  }
  if (protocol === 'https:' && /^ERR_SSL_|^EPROTO$/.test(code)) {
    const path = pathname === '/api' ? '' : pathname;
    return {
      message: `${origin} speaks no TLS that is understood here (${code}).`,
      nextStep: `Ask it by http: --url http://${host}${path}`,
    };
  }
  const why =
    name === 'TimeoutError' ? ` within ${patience / 1000} seconds` : code === '' ? '' : ` (${code})`;
  return { message: `${origin} does not answer${why}.` };
}

function noAPI(api: string, what: string): PayloadKVError {
  return new PayloadKVError({
    code: 'MEASURE_NO_API',
    message: `There is no REST API of Payload at ${api}: ${what}.`,
    nextStep:
      'Give the path that `routes.api` of the config says with it, e.g. --url http://localhost:3000/api.',
  });
}
