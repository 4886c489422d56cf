/** Slices: queries on one value of a field that go stale by writes of other documents. */
import { sliceCandidates } from '../../inspect/slices.js';
import type { HotQuery, Statistics } from '../../runtime/observe/snapshot.js';
import type { Advice, AdviceSchema } from './advice.js';
import { counted, isWorth } from './evidence.js';

/** A field with fewer values than these picks many documents, where nothing else is known of it. */
const ENOUGH_VALUES = 8;
/** Where the schema is not at hand: what each collection has, and what many documents share. */
const NO_SLICES = new Set(['id', '_status', 'createdAt', 'updatedAt', 'deletedAt', '_order']);

/** Where a slice would have spared queries whose answer was what it had been. */
export function adviseSlices(statistics: Statistics, schema?: AdviceSchema): Advice[] {
  const { policies, hotQueries } = statistics;
  const found = new Map<string, { name: string; field: string; queries: HotQuery[] }>();
  for (const query of hotQueries) {
    const { name, hits, misses, stale, unchanged = 0 } = query;
    const policy = policies[name];
    if (name.startsWith('@') || !policy?.cached || !isWorth(unchanged, hits + misses + stale)) continue;
    const field = sliceOf(query, policy.slices ?? [], schema);
    if (field === undefined) continue;
    const key = `${name} ${field}`;
    const known = found.get(key) ?? { name, field, queries: [] };
    known.queries.push(query);
    found.set(key, known);
  }
  return [...found.values()].map(({ name, field, queries }) => {
    const unchanged = queries.reduce((sum, query) => sum + query.unchanged, 0);
    const now = policies[name]?.slices ?? [];
    const slices = [...now, field];
    const [first] = queries as [HotQuery];
    return {
      kind: 'slice',
      name,
      now: now.length > 0 ? `slices ${now.join(', ')}` : 'no slices',
      proposed: `slices ${slices.join(', ')}`,
      because: `${counted(unchanged, 'read')} with \`${first.shape}\` had gone stale by a write, and the answer was what it had been: another document was written.`,
      effect: {
        hits: unchanged,
        queries: unchanged,
        databaseTime: queries.reduce((sum, each) => sum + each.unchanged * each.databaseTime, 0),
        writes: unchanged,
      },
      change: { slices },
    };
  });
}

/** The field that picks the fewest documents, of those that a query compares with one value. */
function sliceOf(
  { name, shape, equals = {} }: HotQuery,
  slices: readonly string[],
  schema: AdviceSchema | undefined,
): string | undefined {
  const fields = Object.keys(equals);
  // It depends on one slice, or one document, as it is; a join depends on another collection too.
  if (fields.some((field) => field === 'id' || slices.includes(field)) || /(^|, )joins/.test(shape))
    return undefined;
  const collection = schema?.collections.find(({ slug }) => slug === name);
  // The slice of somebody who signs in would keep their address.
  if (collection?.auth) return undefined;
  if (collection) {
    const known = sliceCandidates(collection).find((field) => fields.includes(field));
    if (known !== undefined) return known;
  }
  const open = fields.filter((field) => !NO_SLICES.has(field) && !field.includes('.'));
  const isScalar = (field: string) =>
    !collection || collection.fields.some(({ path, hasMany }) => path === field && !hasMany);
  return open
    .filter((field) => equals[field]! >= ENOUGH_VALUES && isScalar(field))
    .sort((one, other) => equals[other]! - equals[one]!)[0];
}
