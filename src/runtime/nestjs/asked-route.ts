/** What is asked for by a request to a route, or why the cache is not asked. */
import type { ExecutionContext } from '@nestjs/common';
import { CREDENTIAL_HEADERS } from '../responses/policy.js';
import type { Route, RouteRequest } from './route-options.js';

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
    [context.getClass().name, context.getHandler().name],
    told ?? null,
  ];
}

function carriesCredentials(request: RouteRequest, route: Route): boolean {
  const { headers, user } = request;
  if (user !== undefined && user !== null) return true;
  const names = [...CREDENTIAL_HEADERS, ...(route.credentialHeaders ?? [])];
  if (names.some((name) => headers[name.toLowerCase()] !== undefined)) return true;
  // A certificate of the client's.
  if (request.socket?.getPeerCertificate?.()?.fingerprint) return true;
  const cookies = headers.cookie;
  if (cookies === undefined) return false;
  const harmless = route.harmlessCookies ?? [];
  return !String(cookies)
    .split(';')
    .map((cookie) => cookie.split('=', 1)[0]?.trim() ?? '')
    .every((name) => name === '' || harmless.some((pattern) => isNamed(name, pattern)));
}

function isNamed(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

function split(address: string): string[] {
  const at = address.indexOf('?');
  return at < 0 ? [address] : [address.slice(0, at), address.slice(at + 1)];
}

/**
 * The parts of a query, decoded, in the order of their names; those of one name, with or without brackets, in the order
 * that they have, which may make a difference.
 */
function normalised(query: string): readonly unknown[] {
  const parts = query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.indexOf('=');
      const name = decoded(at < 0 ? part : part.slice(0, at));
      return {
        root: name.split(/[[.]/, 1)[0] ?? '',
        pair: at < 0 ? [name] : [name, decoded(part.slice(at + 1))],
      };
    });
  return parts.sort((one, other) => compared(one.root, other.root)).map(({ pair }) => pair);
}

const compared = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    // Not the same as what is written so and can be decoded.
    return `\0${text}`;
  }
}
