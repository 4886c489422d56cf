/** Key and tags of reads. */
import { type Token, textOf, type Walk, walkArguments } from '../query/canonical-arguments.js';
import { tagsOf } from '../query/dependencies.js';
import { entryKey } from '../query/key.js';
import { attachedKeys } from './attachment.js';
import type { CachedRule, Plan, Read, ReadContext } from './context.js';
import { hashIn } from './outcome.js';
import { createRememberedPlans, isSame } from './remembered-plans.js';
import { mentionsSecret } from './secrets.js';

/** Finds and remembers what reads are found by. */
export interface Plans {
  /** Key and tags of a read; `undefined` if its arguments cannot be understood. */
  planOf(read: Read, rule: CachedRule): Plan | undefined;
  /** Whether the arguments still say what the plan was made from. */
  isStillAsked(read: Read, plan: Plan): boolean;
}

/** Longest query remembered, in characters: visitors may send any, and as many as they like. */
const LONGEST_REMEMBERED = 2_000;

/** Creates the plans of one site. Both parts of one follow from the arguments alone. */
export function createPlans(context: ReadContext): Plans {
  const { schema, policy, sliceSets } = context;
  let remembered = createRememberedPlans();
  const tagContext = { schema, slicesOf: policy.slicesOf, guardsOf: sliceSets.guardsOf };
  let changesOfSets = 0;

  function planOf(read: Read, { secrets }: CachedRule): Plan | undefined {
    const walk = walkArguments(read.args);
    if (!walk) return undefined;
    if (changesOfSets !== sliceSets.changes()) {
      changesOfSets = sliceSets.changes();
      remembered = createRememberedPlans();
    }
    const question = questionOf(read, walk);
    const isShort = isWhole(walk) && walk.work.characters <= LONGEST_REMEMBERED;
    const known = isShort ? remembered.find(question) : undefined;
    if (known) return known;
    const tags = tagsOf({ operation: read.operation, slug: read.slug, args: read.args }, tagContext);
    if (!tags) return undefined;
    const canonical = textOf(walk);
    // Who keeps whole documents must not find one without its secrets, and the other way round.
    const without = secrets ? `\nwithout ${[...secrets.hidden, ...secrets.lists].sort().join()}` : '';
    const key = keyOf(context, read, `${canonical}${sliceSets.nameOf(tags)}${without}`);
    const plan: Plan = {
      ...attachedKeys(context, key),
      tags,
      question,
      shown: hashIn(key),
      namesSecret: secrets !== undefined && mentionsSecret(question, secrets),
    };
    if (isShort) remembered.remember(question, plan);
    return plan;
  }

  return {
    planOf(read, rule) {
      try {
        return planOf(read, rule);
      } catch (error) {
        // A fault of the analysis is a query that is not cached, never an error of the site.
        context.onFault(error, `analysing ${read.operation} on ${read.slug}`);
        return undefined;
      }
    },
    isStillAsked(read, { question }) {
      const walk = walkArguments(read.args);
      return walk !== undefined && isSame(questionOf(read, walk), question);
    },
  };
}

/** Whether a query is short enough for one row of tokens. */
const isWhole = ({ text }: Walk): boolean => text === '';

/** What a read asks, as a row of tokens. The arguments tell their own end. */
function questionOf({ type, slug, operation }: Read, walk: Walk): readonly Token[] {
  return isWhole(walk) ? [...walk.tokens, type, slug, operation] : [textOf(walk), type, slug, operation];
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
