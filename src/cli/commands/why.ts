import kleur from 'kleur';
import { PayloadKVError } from '../../errors.js';
import { variableIn } from '../environment-files.js';
import { EXIT } from '../failure.js';
import { askedBy, isAddress } from '../site/rest-query.js';
import {
  type Credentials,
  credentialsFor,
  type SiteAddress,
  type SiteFlags,
  siteAddress,
} from '../site/site-address.js';
import { siteSource } from '../site/site-client.js';
import type { AnsweredRead, Source } from '../site/source.js';
import { watchRequest } from '../site/watched-request.js';
import { whyLines } from '../site/why-lines.js';
import { viewColumns } from '../terminal/live.js';
import { oneLine, type Terminal } from '../terminal/terminal.js';
import { createVisitor } from '../warm/visitor.js';

/** Options of `payload-kv why`. */
export interface WhyOptions extends SiteFlags {
  /** Asks as somebody who is not logged in, as an address is always asked. Default `false`. */
  visitor?: boolean;
}

/** What was asked, and what answered. */
interface Answer {
  /** In words, who asked what. */
  heading: string;
  reads: AnsweredRead[];
  /** Of an address: the status of its answer. */
  status?: number;
  /** Of an address: it was answered by a cache of whole responses. */
  cached?: boolean;
}

/**
 * Shows what answers each read of a query, or of an address of the site, and why; returns the exit code.
 * @param what a collection, a document (`posts#5`), a global (`@header`), or an address or path of the site
 * @param query as in the REST API; an address has its own
 * @throws PayloadKVError `USAGE`, and what the site's answers throw
 */
export async function runWhy(
  what: string,
  query: string | undefined,
  options: WhyOptions,
  terminal: Terminal,
): Promise<number> {
  const address = addressFor(what, options);
  const credentials = credentialsFor(options, address);
  const source = siteSource(address, credentials);
  try {
    const answer = isAddress(what)
      ? await askAddress(what, query, { address, credentials }, source)
      : await askQuery(what, query, options.visitor === true, address, source);
    terminal.say(`  ${kleur.dim(answer.heading)}`);
    for (const line of whyLines(answer.reads, viewColumns(terminal), answer.cached)) terminal.say(line);
    terminal.document({ command: 'why', ok: true, from: source.place, ...answer });
    return EXIT.ok;
  } finally {
    await source.close();
  }
}

/** The site that is named, else the one that an address is of. */
function addressFor(what: string, options: WhyOptions): SiteAddress {
  const isNamed = options.url !== undefined || variableIn(options.cwd, 'PAYLOAD_KV_SITE_URL') !== undefined;
  if (isNamed || !/^https?:/i.test(what) || !URL.canParse(what)) return siteAddress(options);
  const { origin, pathname } = new URL(what);
  const [base = ''] = /^.*?\/api(?=\/)/.exec(pathname) ?? [];
  return siteAddress({ ...options, url: `${origin}${base}` });
}

/** One request through the site itself; where it cannot tell requests apart, what its Local API would read for it. */
async function askAddress(
  what: string,
  query: string | undefined,
  site: { address: SiteAddress; credentials: Credentials },
  source: Source,
): Promise<Answer> {
  const { address } = site;
  const { origin } = new URL(address.api);
  const url = URL.canParse(what, origin) ? new URL(what, origin) : undefined;
  if (query !== undefined || url?.origin !== origin) {
    throw new PayloadKVError({
      code: 'USAGE',
      message:
        query === undefined
          ? `The address is not of ${origin}, which is the site to ask.`
          : 'An address has its query in itself.',
      nextStep: 'Name the site of the address with --url, or give the path alone, e.g. /api/posts?limit=10.',
    });
  }
  url.username = '';
  url.password = '';
  const visitor = createVisitor(origin, address.basic);
  const watched = await watchRequest(url.href, visitor, source, site);
  if (!watched) return askQuery(what, undefined, true, address, source);
  const { status, reads, cached } = watched;
  return { heading: `${oneLine(url.pathname)}, as a visitor asks for it: ${status}`, reads, status, cached };
}

async function askQuery(
  what: string,
  query: string | undefined,
  visitor: boolean,
  { api }: SiteAddress,
  source: Source,
): Promise<Answer> {
  const { name, id, isGlobal, operation, args } = askedBy(what, query, api);
  const target = await source.resolve({ name, isGlobal, ...(id === undefined ? {} : { id }) });
  const { reads } = await source.why({
    ...target,
    ...(operation ? { operation } : {}),
    ...args,
    ...(visitor ? { overrideAccess: false } : {}),
  });
  return { heading: askerText(source.isSigned, visitor), reads };
}

function askerText(isSigned: boolean, visitor: boolean): string {
  if (!isSigned) return "As the user of the API key asks the site's Local API:";
  if (visitor) return "As a visitor asks the site's Local API, who is not logged in:";
  return "As the site's own code asks its Local API, without access control:";
}
