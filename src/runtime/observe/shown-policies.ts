/** What holds for each collection and global, for whoever looks at the statistics. */
import type { Payload } from 'payload';
import type { Instance } from '../carried-instance.js';
import { freshnessOf } from '../policy/freshness.js';
import { collectionTag, globalTag } from '../query/tags.js';
import type { ShownPolicy } from './snapshot.js';

/** The policy of each collection and global, by name. */
export function shownPolicies(payload: Payload, instance: Instance): Record<string, ShownPolicy> {
  const reads = instance.reads();
  const policies: Record<string, ShownPolicy> = Object.create(null);
  const show = (type: 'collection' | 'global', slug: string): ShownPolicy => {
    if (!reads) return { cached: false, reason: 'policy' };
    const rule = reads.policy.ruleOf(type, slug, type === 'global' ? 'findGlobal' : 'find');
    if (!rule.cached) return { cached: false, reason: rule.reason };
    const tag = type === 'global' ? globalTag(slug) : collectionTag(slug);
    const { maximumAge, eventual } = freshnessOf(reads.policy, tag);
    return {
      cached: true,
      ttl: rule.ttl,
      swr: rule.swr,
      staleIfError: rule.staleIfError,
      consistency: eventual ? 'eventual' : maximumAge > 0 ? `bounded(${maximumAge})` : 'strong',
      slices: type === 'collection' ? reads.policy.slicesOf(slug).map(({ path }) => path) : [],
    };
  };
  for (const { slug } of payload.config.collections) policies[slug] = show('collection', slug);
  for (const { slug } of payload.config.globals) policies[`@${slug}`] = show('global', slug);
  return { ...policies };
}
