/** Which endpoint of Payload's REST API a path leads to. */
import type { Payload } from 'payload';

interface Endpoint {
  method: string;
  path: string;
}

/** Payload's own endpoints that read documents, for collections and globals. The last of a path is Payload's own. */
const READS: ReadonlySet<string> = new Set(['/', '/:id', '/count', '/versions', '/versions/:id']);

/** Whether a path below the API's leads to an endpoint of Payload's own that reads documents of the site. */
export function readsDocuments(payload: Payload, path: string): boolean {
  const [first = '', ...rest] = path.split('/').slice(1);
  const isGlobal = first === 'globals';
  const slug = isGlobal ? rest.shift() : first;
  if (!slug) return false;
  const collection = Object.hasOwn(payload.collections, slug) ? payload.collections[slug] : undefined;
  const owner = isGlobal ? payload.globals.config.find((each) => each.slug === slug) : collection?.config;
  const endpoints = owner?.endpoints as Endpoint[] | false | undefined;
  if (!endpoints) return false;
  const reads = endpoints.filter(({ method }) => method === 'get');
  const index = reads.findIndex((endpoint) => mayMatch(endpoint.path, rest));
  const found = reads[index];
  return (
    found !== undefined &&
    READS.has(found.path) &&
    // One of the site's own in front of it has the same path.
    !reads.slice(index + 1).some((other) => other.path === found.path)
  );
}

/** Whether a pattern of an endpoint may match. In doubt it does: the endpoint is then one of the site's own. */
function mayMatch(pattern: string, segments: readonly string[]): boolean {
  const parts = pattern.split('/').slice(1);
  if (parts.at(-1) === '') parts.pop();
  if (parts.some((part) => /[*+?(){}]/.test(part))) return true;
  return (
    parts.length === segments.length &&
    parts.every((part, index) => part.includes(':') || decoded(part) === decoded(segments[index] as string))
  );
}

/** Payload compares without regard to case. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment).toLowerCase();
  } catch {
    return segment;
  }
}
