import fc from 'fast-check';
import type { Args, ReadCommand } from './command.js';
import type { Model } from './schema.js';

/**
 * Queries as nobody means them: 10 to 100 KB of text, long, wide and deep. The database refuses most of them, and
 * answers others; the cache has no opinion of its own.
 */
export function longReadArbitrary(model: Model, site: fc.Arbitrary<number>): fc.Arbitrary<ReadCommand> {
  const slugs = model.collections.filter(({ auth }) => !auth).map(({ slug }) => slug);
  const bytes = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 10_000, max: 30_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 30_000, max: 100_000 }) },
  );
  const segments = fc.constantFrom('0', 'title.0', 'title.en', 'owner', 'items.0', 'link.value', 'and', 'a');
  const path = fc.tuple(segments, bytes, fc.constantFrom('title', 'owner', 'items', '0', 'nothing')).map(
    ([segment, length, first]) =>
      `${first}.${Array(Math.floor(length / (segment.length + 1)))
        .fill(segment)
        .join('.')}`,
  );
  const parts = (widest: number): fc.Arbitrary<number> => fc.integer({ min: 200, max: widest });
  const condition = (n: number): Args => ({ title: { equals: `nobody ${n}` } });
  const several = <Value>(count: number, make: (n: number) => Value): Value[] =>
    Array.from({ length: count }, (_, n) => make(n));
  const query: fc.Arbitrary<Args> = fc.oneof(
    path.map((sort) => ({ sort })),
    path.map((name) => ({ where: { [name]: { equals: 'a' } } })),
    parts(2_000).map((count) => ({ where: { or: several(count, condition) } })),
    parts(2_000).map((count) => ({ where: { and: several(count, condition) } })),
    parts(4_000).map((count) => ({ where: { title: { in: several(count, (n) => `t${n}`) } } })),
    parts(300).map((depth) => ({ where: nested(depth, (inner) => ({ or: [inner] }), condition(0)) })),
    parts(4_000).map((count) => ({ sort: several(count, (n) => (n % 2 ? '-title' : 'count')) })),
    parts(300).map((depth) => ({ select: nested(depth, (inner) => ({ items: inner }), { label: true }) })),
    parts(2_000).map((count) => ({
      select: Object.fromEntries(several(count, (n) => [`nothing${n}`, true])),
    })),
  );
  return fc
    .tuple(site, fc.constantFrom(...slugs), query, fc.constantFrom('find', 'count' as const))
    .map(([at, collection, args, operation]) => ({
      do: 'read',
      site: at,
      level: 'local',
      operation: operation === 'count' && args.where ? 'count' : 'find',
      args: { collection, ...args, ...(operation === 'find' || !args.where ? { depth: 0, limit: 2 } : {}) },
      isLong: true,
    }));
}

function nested(depth: number, around: (inner: Args) => Args, innermost: Args): Args {
  let value = innermost;
  for (let level = 0; level < depth; level++) value = around(value);
  return value;
}
