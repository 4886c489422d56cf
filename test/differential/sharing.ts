import fc from 'fast-check';
import type { CacheDirective } from '../../src/runtime/index.js';
import {
  type Args,
  type DirectedRead,
  documentPlace,
  type ReadCommand,
  type SharingCommand,
  type WriteCommand,
} from './command.js';
import type { Model } from './schema.js';

/** Reads of one level, with nothing of what their operations would write on the request that they share. */
function plainReads(model: Model, slugs: readonly string[]): fc.Arbitrary<ReadCommand> {
  const read = (operation: string, args: fc.Arbitrary<Args>): fc.Arbitrary<ReadCommand> =>
    args.map((value) => ({ do: 'read', site: 0, level: 'local', operation, args: { ...value, depth: 0 } }));
  const slug = fc.constantFrom(...slugs);
  const joins = fc.constantFrom<Args>({}, { joins: false }, { joins: false, overrideAccess: false });
  return fc.oneof(
    {
      weight: 4,
      arbitrary: read(
        'find',
        fc
          .tuple(slug, joins, fc.constantFrom({}, { limit: 2 }, { sort: 'title' }, { pagination: false }))
          .map(([collection, one, other]) => ({ collection, ...one, ...other })),
      ),
    },
    {
      weight: 5,
      arbitrary: read(
        'findByID',
        slug.chain((collection) =>
          fc
            .tuple(documentPlace(collection), joins)
            .map(([id, one]) => ({ collection, id: { ...id, n: id.n % 3 }, ...one })),
        ),
      ),
    },
    {
      weight: 1,
      arbitrary: read(
        'findGlobal',
        fc
          .constantFrom(...model.globals.map(({ slug: global }) => global))
          .map((global) => ({ slug: global })),
      ),
    },
  );
}

const directive: fc.Arbitrary<CacheDirective | undefined> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  { weight: 4, arbitrary: fc.constant('bypass' as const) },
  { weight: 1, arbitrary: fc.constant('refresh' as const) },
  { weight: 2, arbitrary: fc.constant('only' as const) },
  { weight: 1, arbitrary: fc.constant({ ttl: '1m' } as const) },
);

/** Once in so many times. */
const now = <Value>(times: number, arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.nat({ max: times - 1 }).chain((n) => (n === 0 ? arbitrary : fc.constant(undefined)));

/** Commands that share a request. `write` may be drawn only where the request carries no transaction. */
export function sharingArbitrary(
  model: Model,
  site: fc.Arbitrary<number>,
  unseenOf: (slug: string) => fc.Arbitrary<WriteCommand>,
  write: fc.Arbitrary<WriteCommand> | undefined,
): fc.Arbitrary<SharingCommand> {
  const slugs = model.collections.filter(({ auth, upload }) => !auth && !upload).map(({ slug }) => slug);
  return fc.constantFrom(...slugs).chain((slug) => {
    // Several of one collection more often than not: they are what could be taken for another.
    const reads = fc.oneof(
      { weight: 2, arbitrary: plainReads(model, [slug]) },
      { weight: 1, arbitrary: plainReads(model, slugs) },
    );
    return fc.record({
      do: fc.constant('sharing' as const),
      site,
      reads: fc.array(
        fc.tuple(reads, directive).map(([read, asked]): DirectedRead => ({ ...read, directive: asked })),
        { minLength: 2, maxLength: 5, size: 'max' },
      ),
      unseen: now(2, unseenOf(slug)),
      write: write ? now(6, write) : fc.constant(undefined),
    });
  });
}
