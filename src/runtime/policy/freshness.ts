/** How long versions may be remembered, by the tags that they are of. */
import { valueAt } from '../../platform/value-at.js';
import { collectionTag, globalTag } from '../query/tags.js';
import type { GlobalPolicy } from './options.js';
import type { Freshness, Policy } from './policy.js';

/** What each collection and global has that the options name, by the tag of its entity. */
const known = new WeakMap<Policy, Map<string, Freshness>>();

/** How long a version of what belongs to an entity, as its tag names it, may be remembered. */
export function freshnessOf(policy: Policy, entity: string): Freshness {
  return valueAt(known, policy, () => freshnessByEntity(policy)).get(entity) ?? policy.freshnessBy(undefined);
}

function freshnessByEntity({ options, freshnessBy }: Policy): Map<string, Freshness> {
  const collections = Object.entries<GlobalPolicy | undefined>(options.collections ?? {});
  const globals = Object.entries<GlobalPolicy | undefined>(options.globals ?? {});
  return new Map([
    ...collections.map(([slug, own]) => [collectionTag(slug), freshnessBy(own)] as const),
    ...globals.map(([slug, own]) => [globalTag(slug), freshnessBy(own)] as const),
  ]);
}
