/** Which running site is asked, and as whom. */
import path from 'node:path';
import { PayloadKVError } from '../../errors.js';
import { inspectProject } from '../../inspect/project.js';
import { variableIn } from '../environment-files.js';
import type { SharedStoreName } from './choices.js';

/** The flags by which a command finds its site. */
export interface SiteFlags {
  /** Directory of the project. */
  cwd: string;
  /** Path of the config. Default: searched for. */
  config?: string;
  /** The running site, e.g. `http://localhost:3000`. Default: PAYLOAD_KV_SITE_URL. */
  url?: string;
  /** The collection of the user whose key PAYLOAD_KV_API_KEY is. Default: the one that signs in, else `users`. */
  apiKeyCollection?: string;
}

/** The flags of a command that asks a site or a store. */
export interface SourceFlags extends SiteFlags {
  /** Asks this store instead of a site. */
  store?: SharedStoreName;
  /** Of Cloudflare KV: the environment of the wrangler config. Default: its top level. */
  env?: string;
  /** Of Cloudflare KV: the local state of wrangler, as of `wrangler dev`, instead of what is deployed. Default `false`. */
  local?: boolean;
}

/** A site, and how it is asked. */
export interface SiteAddress {
  /** Its REST API, without a slash at the end. */
  api: string;
  /** What the address says with `user:password@`, as a header. */
  basic?: string;
}

/** Whoever asks, by a variable of the environment: never by a flag, which would stay in the shell's history. */
export type Credentials =
  /** Requests are signed with a key that comes of it. */
  | { kind: 'secret'; secret: string }
  /** The header `authorization`. */
  | { kind: 'api-key'; authorization: string }
  | { kind: 'none' };

/**
 * The site that `--url` or PAYLOAD_KV_SITE_URL names.
 * @throws PayloadKVError `SITE_URL_MISSING`, `USAGE`
 */
export function siteAddress({ url, cwd }: SiteFlags, env = process.env): SiteAddress {
  const address = url ?? variableIn(cwd, 'PAYLOAD_KV_SITE_URL', env);
  if (address === undefined) {
    throw new PayloadKVError({
      code: 'SITE_URL_MISSING',
      message: 'It is not said which site to ask.',
      nextStep: 'Give its address, e.g. --url http://localhost:3000, or set PAYLOAD_KV_SITE_URL.',
    });
  }
  const api = apiOf(address);
  const basic = authorizationOf(address);
  return { api, ...(basic === undefined ? {} : { basic }) };
}

/**
 * Whoever asks: the API key of a user, or the site's own secret.
 * @throws PayloadKVError `USAGE` where a header would have to say two things
 */
export function credentialsFor(flags: SiteFlags, { basic }: SiteAddress, env = process.env): Credentials {
  const { cwd } = flags;
  const key = variableIn(cwd, 'PAYLOAD_KV_API_KEY', env);
  if (key !== undefined) {
    if (basic !== undefined) {
      throw new PayloadKVError({
        code: 'USAGE',
        message: 'An API key and a user with password in --url cannot be sent together.',
        nextStep: 'Unset PAYLOAD_KV_API_KEY and set PAYLOAD_SECRET, by which requests are signed.',
      });
    }
    const collection = flags.apiKeyCollection ?? collectionWithKeys(flags);
    return { kind: 'api-key', authorization: `${collection} API-Key ${key}` };
  }
  const secret = variableIn(cwd, 'PAYLOAD_SECRET', env);
  return secret === undefined ? { kind: 'none' } : { kind: 'secret', secret };
}

/** The only collection that signs in, where the project here tells it; else Payload's own default. */
function collectionWithKeys({ cwd, config }: SiteFlags): string {
  try {
    const { schema } = inspectProject({
      cwd: path.resolve(cwd),
      ...(config === undefined ? {} : { config }),
    });
    const [first, ...others] = schema.collections.filter(({ auth }) => auth).map(({ slug }) => slug);
    return first !== undefined && others.length === 0 ? first : 'users';
  } catch {
    return 'users';
  }
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

/** Whether a document can be asked for by its id: `..` would lead elsewhere. */
export function isAddressable(id: unknown): id is number | string {
  return typeof id === 'number' || (typeof id === 'string' && !['', '.', '..'].includes(id));
}
