/** The longest times that the options of a site lead to. */
import { parseDuration } from '../../duration.js';
import type { GlobalPolicy, PayloadKVOptions } from './options.js';
import { DEFAULT_TTL } from './policy.js';

/** No entry lives longer, in seconds. */
const LONGEST_LIFE = 180 * 86_400;
/**
 * How long versions are kept at least, in seconds, where a registry has a version for those that it has forgotten: one
 * process may replace them, and another, with longer TTLs, have entries from before.
 */
const SHORTEST_MEMORY = 2 * LONGEST_LIFE;

/** How long an entry of this site may live, in seconds. */
export function longestLife(options: PayloadKVOptions): number {
  return Math.min(LONGEST_LIFE, longestTtl(options));
}

/**
 * How long new versions must be kept, in seconds: longer than any entry recorded before them can live.
 *
 * @param hasCreate whether the registry gives a version of its own to a tag that it has forgotten
 */
export function versionLifetime(options: PayloadKVOptions, hasCreate: boolean): number {
  return Math.max(2 * longestTtl(options) + longestGrace(options) + 3_600, hasCreate ? 0 : SHORTEST_MEMORY);
}

function longestTtl(options: PayloadKVOptions): number {
  return Math.max(
    DEFAULT_TTL,
    86_400,
    ...durationsOf(options, ({ ttl, operations }) => [ttl, ...Object.values(operations ?? {})]),
  );
}

/** For how long after its TTL an entry may still be served, at most, in seconds. */
function longestGrace(options: PayloadKVOptions): number {
  return Math.max(0, ...durationsOf(options, ({ swr, staleIfError }) => [swr, staleIfError]));
}

/** Durations of the options and of every policy, in seconds; those that are absent or off are left out. */
function durationsOf(options: PayloadKVOptions, pick: (of: GlobalPolicy) => unknown[]): number[] {
  const policies = [options.collections, options.globals, options.namespaces].flatMap((each) =>
    Object.values(each ?? {}),
  );
  return [options, ...(policies as (GlobalPolicy | undefined)[])]
    .flatMap((of) => (of ? pick(of) : []))
    .filter((duration) => duration !== undefined && duration !== false)
    .map((duration) => parseDuration(duration));
}
