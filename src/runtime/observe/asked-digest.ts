/** What stands for a question that has no key, because it is not looked up. */
import type { CacheEvent } from '../../interfaces/events.js';
import { digestOf } from './digest.js';

/** Values that are looked at, and characters of a text: visitors write queries. */
const MOST_VALUES = 200;
const LONGEST_TEXT = 500;

/** A number for what was asked; `undefined` where that is too much to look at. */
export function askedDigest(
  { subject, name, operation }: CacheEvent,
  args: Readonly<Record<string, unknown>>,
): number | undefined {
  let left = MOST_VALUES;
  let digest = digestOf(`${subject} ${name} ${operation}`);

  function add(value: unknown): boolean {
    left -= 1;
    if (left < 0) return false;
    if (value === undefined || typeof value === 'function') return true;
    if (value instanceof Date) return add(value.getTime());
    if (typeof value !== 'object' || value === null) {
      const text = `${typeof value} ${String(value)}`;
      digest = digestOf(text.slice(0, LONGEST_TEXT), digest);
      return text.length <= LONGEST_TEXT;
    }
    digest = digestOf(Array.isArray(value) ? '[' : '{', digest);
    for (const key in value) {
      digest = digestOf(key.slice(0, LONGEST_TEXT), digest);
      if (!add((value as Record<string, unknown>)[key])) return false;
    }
    return true;
  }

  for (const key in args) {
    if (key === 'req' || key === 'collection' || key === 'slug') continue;
    digest = digestOf(key, digest);
    if (!add(args[key])) return undefined;
  }
  return digest;
}
