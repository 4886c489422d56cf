/** Key and tags of reads. */
import { LRUCache } from 'lru-cache';
import { leavesProcess } from '../../interfaces/store.js';
import { canonicalArguments } from '../query/canonical-arguments.js';
import { tagsOf } from '../query/dependencies.js';
import { entryKey } from '../query/key.js';
import { type Plan, REMEMBERED_QUERIES, type Read, type ReadContext } from './context.js';

/** Finds and remembers what reads are found by. */
export interface Plans {
  /** Key and tags of a read; `undefined` if its arguments cannot be understood. */
  planOf(read: Read): Plan | undefined;
  /** Whether the arguments still say what the plan was made from. */
  isStillAsked(read: Read, plan: Plan): boolean;
}

/** Longest query remembered, in characters: visitors may send any, and as many as they like. */
const LONGEST_REMEMBERED = 2_000;

/** Creates the plans of one site. Both parts of one follow from the arguments alone. */
export function createPlans(context: ReadContext): Plans {
  const { schema, policy, sliceSets, near, attachment } = context;
  const ending = leavesProcess(context.far) ? '' : attachment;
  const plans = new LRUCache<string, Plan>({ max: REMEMBERED_QUERIES });
  const tagContext = { schema, slicesOf: policy.slicesOf, guardsOf: sliceSets.guardsOf };
  let changesOfSets = 0;

  function planOf(read: Read): Plan | undefined {
    const canonical = canonicalArguments(read.args);
    if (canonical === undefined) return undefined;
    const name = nameOf(read, canonical);
    if (changesOfSets !== sliceSets.changes()) {
      changesOfSets = sliceSets.changes();
      plans.clear();
    }
    const isShort = name.length <= LONGEST_REMEMBERED;
    const known = isShort ? plans.get(name) : undefined;
    if (known) return known;
    const tags = tagsOf({ operation: read.operation, slug: read.slug, args: read.args }, tagContext);
    if (!tags) return undefined;
    const key = keyOf(context, read, `${canonical}${sliceSets.nameOf(tags)}`);
    const plan = { key: key + ending, nearKey: near ? key + attachment : key, tags };
    if (!isShort) return { ...plan, canonical };
    plans.set(name, plan);
    return plan;
  }

  function isStillAsked(read: Read, { key, tags, canonical }: Plan): boolean {
    const now = canonicalArguments(read.args);
    if (now === undefined) return false;
    if (canonical !== undefined) return now === canonical;
    return (
      (plans.get(nameOf(read, now))?.key ??
        keyOf(context, read, `${now}${sliceSets.nameOf(tags)}`) + ending) === key
    );
  }

  return {
    planOf(read) {
      try {
        return planOf(read);
      } catch (error) {
        // A fault of the analysis is a query that is not cached, never an error of the site.
        context.onFault(error, `analysing ${read.operation} on ${read.slug}`);
        return undefined;
      }
    },
    isStillAsked,
  };
}

function nameOf(read: Read, canonical: string): string {
  return `${read.type}\n${read.slug}\n${read.operation}\n${canonical}`;
}

function keyOf(context: ReadContext, read: Read, canonical: string): string {
  const { slug, type, operation } = read;
  let readable = `${type === 'global' ? '@' : ''}${slug}:${operation}`;
  if (context.readableKey) {
    const { req: _request, ...args } = read.args;
    try {
      readable = String(context.readableKey({ slug, type, operation, args }));
    } catch (error) {
      context.onFault(error, 'the custom key function');
    }
  }
  return entryKey({ readable, scope: context.scope, slug: `${type}:${slug}`, operation, canonical });
}
