/** What is asked for by a request to a route, or why the cache is not asked. */
import type { ExecutionContext } from '@nestjs/common';
import { isObject } from '../../platform/is-object.js';
import { areHarmless, CREDENTIAL_HEADERS, matcher } from '../responses/policy.js';
import { foreignNames } from './foreign-names.js';
import { metadata, VERSION } from './handler.js';
import { isToldApart, type Route, type RouteRequest } from './route-options.js';

/** Longest address in characters. */
const LONGEST_URL = 16_000;

/** By these a handler, or what is in front of it, may take a request for another than it is, or answer a part of it. */
const OTHERWISE = [
  'range',
  'if-range',
  'if-match',
  'if-unmodified-since',
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
];

/** What servers make the address of: part of each key. */
export const OF_ADDRESS: readonly string[] = ['host', 'x-forwarded-host', 'x-forwarded-proto'];

/**
 * What an answer is found by; `undefined` where it is not looked for: what does not read, what has a body, and what
 * somebody asks of whom it is not said how they are told apart.
 */
export async function askedBy(
  request: RouteRequest,
  route: Route,
  context: ExecutionContext,
): Promise<readonly unknown[] | undefined> {
  const { method, headers } = request;
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0)
    return undefined;
  if (OTHERWISE.some((name) => headers[name] !== undefined)) return undefined;
  if (/\bno-store\b/i.test(String(headers['cache-control'] ?? ''))) return undefined;
  const address = request.originalUrl ?? request.url;
  if (address.length > LONGEST_URL) return undefined;
  let told: readonly unknown[] | undefined;
  if (route.vary) {
    told = await route.vary(request, context);
    if (!told) return undefined;
  } else if (!route.shared && carriesCredentials(request, route)) return undefined;
  const [path = '', query] = split(address);
  return [
    method,
    [...OF_ADDRESS, ...route.headers].map((name) => [name, headers[name]]),
    [request.protocol, request.hostname],
    path,
    query === undefined ? undefined : normalised(query),
    // What middleware has made of them, and the parser of the application.
    request.url === address ? undefined : request.url,
    isObject(request.query) ? sortedEntries(request.query) : undefined,
    [context.getClass().name, context.getHandler().name, versionsOf(context)],
    isToldApart(route) ? undefined : foreignNames(request, context.switchToHttp().getResponse<object>()),
    told ?? null,
  ];
}

/** By version a controller's method may answer where another of the same names does by another. */
const versionsOf = (context: ExecutionContext): unknown =>
  [context.getClass(), context.getHandler()].map((target) => {
    const version = metadata(VERSION, target);
    return Array.isArray(version) ? version.map(String) : version === undefined ? undefined : String(version);
  });

const sortedEntries = (query: object): unknown =>
  Object.entries(query).sort(([one], [other]) => compared(one, other));

function carriesCredentials(request: RouteRequest, route: Route): boolean {
  const { headers, user } = request;
  if (user !== undefined && user !== null) return true;
  const names = [...CREDENTIAL_HEADERS, ...(route.credentialHeaders ?? [])];
  if (names.some((name) => headers[name.toLowerCase()] !== undefined)) return true;
  // A certificate of the client's.
  if (request.socket?.getPeerCertificate?.()?.fingerprint) return true;
  const cookies = headers.cookie;
  return cookies !== undefined && !areHarmless(String(cookies), matcher(route.harmlessCookies ?? [], '*'));
}

function split(address: string): string[] {
  const at = address.indexOf('?');
  return at < 0 ? [address] : [address.slice(0, at), address.slice(at + 1)];
}

/** More parts than a parser may read are left in their order: it decides which are. */
const MOST_SORTED = 100;

/**
 * The parts of a query, decoded, in the order of their names; those of one name, with or without brackets, in the order
 * that they have, which may make a difference. A query that cannot be decoded stays as it is written.
 */
function normalised(query: string): unknown {
  const written = query.split('&').filter((part) => part !== '');
  if (written.length > MOST_SORTED) return query;
  try {
    const parts = written.map((part) => {
      const at = part.indexOf('=');
      const name = decoded(at < 0 ? part : part.slice(0, at));
      return {
        root: /[^[\].]+/.exec(name)?.[0] ?? '',
        pair: at < 0 ? [name] : [name, decoded(part.slice(at + 1))],
      };
    });
    return parts.sort((one, other) => compared(one.root, other.root)).map(({ pair }) => pair);
  } catch {
    return query;
  }
}

const compared = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

const decoded = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '));
