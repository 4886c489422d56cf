/** Reads `Cache-Control`, of requests and of responses (RFC 9111, section 5.2). */

/** Directives by name, in lower case; `''` for one without a value. */
export type Directives = ReadonlyMap<string, string>;

/** A name, and perhaps a value as a token or in quotes. */
const DIRECTIVE = /([!#$%&'*+.^_`|~\w-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,;"]*)))?/g;

/** Of a directive that is there twice the first counts, and of ages the smaller. */
export function directivesOf(header: string | null): Directives {
  const found = new Map<string, string>();
  for (const [, name = '', quoted, token] of (header ?? '').matchAll(DIRECTIVE)) {
    const value = quoted?.replace(/\\(.)/g, '$1') ?? token ?? '';
    const known = found.get(name.toLowerCase());
    if (known === undefined || Number(value) < Number(known)) found.set(name.toLowerCase(), value);
  }
  return found;
}

/** Seconds of a directive; 0 for what is none, as what cannot be read is stale; `undefined` without the directive. */
export function secondsOf(directives: Directives, name: string): number | undefined {
  const value = directives.get(name);
  if (value === undefined) return undefined;
  return /^\d+$/.test(value) ? Math.min(Number(value), 2 ** 31) : 0;
}
