import type { Payload } from 'payload';
import { isPlainObject } from '../../../platform/is-object.js';
import type { Instance } from '../../carried-instance.js';
import { type InvalidationTarget, invalidateFor, tagsOfTarget } from '../../instance.js';
import type { PurgedBy } from '../../policy/audit.js';
import { audit } from '../../purge/by-hand.js';
import { entriesUnder, keysIn } from '../stored-entries.js';
import type { Person } from './access.js';
import { json, type ObserveEndpoint, refusal } from './asked.js';
import { targetIn } from './target.js';

/** Keys that are looked at to count; of more nothing is said. */
const MOST_COUNTED = 5_000;
/** How long counting may take, in milliseconds. */
const LONGEST_COUNT = 10_000;

/** Makes stale what depends on a target, or tells how much that is. */
export const purge: ObserveEndpoint = {
  name: 'purge',
  method: 'post',
  limit: 'purge',
  async answer({ payload, instance, person, body }) {
    if (!isPlainObject(body)) throw refusal('BAD_REQUEST', 'There is no target.', 'Send { "target": … }.');
    const { target: sent, dryRun = false } = body;
    if (typeof dryRun !== 'boolean') {
      throw refusal('BAD_REQUEST', 'dryRun must be true or false.', 'Leave it out to purge.');
    }
    const target = targetIn(payload, sent);
    if (dryRun) {
      return json({ ok: true, dryRun, target, entries: await countOf(payload, instance, target) });
    }
    await invalidateFor(payload, target, byIn(person, body.by));
    const tags = tagsOfTarget(payload, target) ?? [];
    const isLate = instance.invalidation()?.pendingFor(tags) === 'error';
    return json({ ok: !isLate, dryRun, target, entries: null });
  },
  refused({ payload, instance, person, body }, error) {
    if (!isPlainObject(body) || body.dryRun === true) return;
    const target = targetIn(payload, body.target);
    audit({ payload, instance, target, by: byIn(person, body.by), tags: () => [] }, 'refused', error);
  },
};

/** Who purges. Of a terminal its own word is taken, for it has the secret. */
function byIn({ by }: Person, name: unknown): PurgedBy {
  return by.kind === 'terminal' && typeof name === 'string' && name !== '' ? { ...by, name } : by;
}

/** How many fresh entries depend on a target; `null` where that cannot be told, or only by looking at too many. */
async function countOf(
  payload: Payload,
  instance: Instance,
  target: InvalidationTarget,
): Promise<number | null> {
  const reads = instance.reads();
  const isPrefix = target !== 'everything' && 'prefix' in target;
  const tags = new Set(tagsOfTarget(payload, target));
  if (!reads || reads.storeGuard.isOpen()) return null;
  const until = Date.now() + LONGEST_COUNT;
  try {
    const prefix = isPrefix ? target.prefix : '';
    const { keys, areAll } = await keysIn(reads, 'store', { prefix, most: MOST_COUNTED });
    if (!areAll) return null;
    let count = 0;
    for await (const { found } of entriesUnder(reads, 'store', keys)) {
      if (Date.now() > until) return null;
      for (const { entry, fresh } of found) {
        if (fresh && (isPrefix || target === 'everything' || entry.tags.some((tag) => tags.has(tag))))
          count += 1;
      }
    }
    return count;
  } catch (error) {
    reads.onFault(error, 'counting entries');
    return null;
  }
}
