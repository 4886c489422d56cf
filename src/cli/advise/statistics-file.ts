/** Statistics that were saved: what the endpoint answers, or what `payload-kv stats --json` prints. */
import { readFileSync } from 'node:fs';
import { PayloadKVError } from '../../errors.js';
import { isObject } from '../../platform/is-object.js';
import type { Statistics } from '../../runtime/observe/snapshot.js';

/**
 * Reads a file of statistics.
 * @throws PayloadKVError `STATISTICS_UNREADABLE`
 */
export function readStatistics(path: string): Statistics {
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw unreadable(path, error instanceof SyntaxError ? 'it is no JSON' : 'it cannot be read');
  }
  const document = found as { statistics?: unknown } | null;
  const statistics = isObject(document?.statistics) ? document.statistics : found;
  if (!isAdvisable(statistics)) throw unreadable(path, 'it holds no statistics of a cache');
  return statistics;
}

/** Whether something holds all that advice is made of, as numbers and names. */
export function isAdvisable(found: unknown): found is Statistics {
  if (!isObject(found)) return false;
  const { format, since, at, policies, hotQueries, repeatedQueries, reuse, latency, store, near } =
    found as Partial<Statistics>;
  return (
    format === 1 &&
    areNumbers({ since, at }, ['since', 'at']) &&
    isObject(policies) &&
    Object.values(policies).every(isObject) &&
    isObject(reuse) &&
    Object.values(reuse).every((each) => areNumbers(each, REUSE) && isObject(each.hitsWith)) &&
    areAll(hotQueries, ['name', 'operation', 'shape'], HOT) &&
    hotQueries!.every(({ equals }) => isObject(equals)) &&
    areAll(repeatedQueries, ['name', 'operation', 'shape'], REPEATED) &&
    isObject(latency?.store) &&
    isObject(store) &&
    (near === null || areNumbers(near, ['entries', 'maxEntries', 'bytes', 'maxBytes', 'evictions']))
  );
}

const REUSE = ['reads', 'hits', 'first', 'expired', 'written', 'lost', 'unchanged', 'filled', 'reused'];
const HOT = ['hits', 'misses', 'stale', 'unchanged', 'databaseTime'];
const REPEATED = ['requests', 'most', 'queries', 'databaseTime'];

function areAll(list: unknown, texts: readonly string[], numbers: readonly string[]): boolean {
  return (
    Array.isArray(list) &&
    list.every(
      (each) =>
        areNumbers(each, numbers) &&
        texts.every((name) => typeof (each as Record<string, unknown>)[name] === 'string'),
    )
  );
}

function areNumbers(found: unknown, names: readonly string[]): boolean {
  return isObject(found) && names.every((name) => Number.isFinite((found as Record<string, unknown>)[name]));
}

function unreadable(path: string, why: string): PayloadKVError {
  return new PayloadKVError({
    code: 'STATISTICS_UNREADABLE',
    message: `${path} is no file of statistics: ${why}.`,
    nextStep: 'Save them with `payload-kv stats --all --json > stats.json`, by a release that advises.',
  });
}
