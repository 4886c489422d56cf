/**
 * Comes in: something that somebody wants to be made stale by hand. Goes out: the same, done where this process may, and not
 * too often; and told to those who keep account of it.
 */
import type { Payload } from 'payload';
import { PayloadKVError } from '../../errors.js';
import type { Told } from '../../interfaces/events.js';
import type { Instance } from '../carried-instance.js';
import { accessDenied, mayAccess } from '../policy/access.js';
import type { PurgedBy, PurgedTarget, PurgeRecord } from '../policy/audit.js';
import type { PayloadKVOptions } from '../policy/options.js';
import { noteLimited, rateLimited, takeOne } from '../policy/rate-limits.js';

/** What is purged, where, and by whom. */
export interface Purge {
  payload: Payload;
  instance: Instance;
  target: PurgedTarget;
  by: PurgedBy;
  /** The tags that it makes stale; none where entries are deleted. */
  tags(): readonly string[];
}

/** Longest target and name in the log and in events, in characters. */
const LONGEST_TARGET = 500;
const LONGEST_NAME = 100;

/**
 * Purges, and tells of it. The work is kept alive beyond the current response.
 *
 * @throws PayloadKVError `ACCESS_DENIED` or `RATE_LIMITED` before anything is done; and what `work` rejects with
 */
export async function purgeByHand(purge: Purge, work: () => Promise<void>): Promise<void> {
  const { instance } = purge;
  try {
    checkPurge(purge);
  } catch (error) {
    audit(purge, 'refused', error);
    throw error;
  }
  try {
    const working = work();
    instance.background.keepAlive(working);
    await working;
  } catch (error) {
    audit(purge, 'failed', error);
    throw error;
  }
  audit(purge, instance.invalidation()?.pendingFor(purge.tags()) === 'error' ? 'late' : 'done');
}

/**
 * Takes one of the purges that are left.
 *
 * @throws PayloadKVError `ACCESS_DENIED` or `RATE_LIMITED`
 */
function checkPurge({ instance, target }: Purge): void {
  const options = instance.options();
  if (!mayPurge(options, target)) throw accessDenied('purge', JSON.stringify(target));
  if (target === 'everything' || !('namespace' in target)) return;
  const { namespace } = target;
  const after = takeOne(options, namespace, 'purge');
  if (after === undefined) return;
  noteLimited(instance.counters.countsOf('function', namespace), 'purge');
  throw rateLimited('purge', namespace, after);
}

/** What may be anybody's takes the right to everything: names of the site's own, prefixes, everything. */
function mayPurge(options: PayloadKVOptions, target: PurgedTarget): boolean {
  if ((options.access?.purge ?? true) === true) return true;
  // One that names several is as wide as the widest.
  if (target === 'everything' || 'tags' in target || 'prefix' in target) return false;
  const named = target as { collection?: string; global?: string; namespace?: string };
  const asked = [
    ['collection', named.collection],
    ['global', named.global],
    ['function', named.namespace],
  ] as const;
  const kinds = asked.filter(([, name]) => name !== undefined);
  return kinds.length > 0 && kinds.every(([type, name]) => mayAccess(options, 'purge', type, name as string));
}

/** Tells of a purge: an event, the option `audit`, and the log. Never throws. */
export function audit(
  { payload, instance, target, by, tags }: Purge,
  outcome: PurgeRecord['outcome'],
  error?: unknown,
): void {
  const { events } = instance;
  const { audit: hook } = instance.options();
  const isLogged = hook === true || by.kind !== 'code';
  if (!hook && !isLogged && !events.isHeard()) return;
  const reason = error && (error instanceof PayloadKVError ? error.code : 'fault');
  const isMade = outcome === 'done' || outcome === 'late';
  const record: PurgeRecord = {
    time: Date.now(),
    target,
    by,
    outcome,
    ...(typeof reason === 'string' && { reason }),
    tags: isMade ? tags().length : 0,
  };
  const name = nameOf(by);
  const shown = JSON.stringify(target).slice(0, LONGEST_TARGET);
  if (events.isHeard()) {
    events.tell({
      type: 'purge',
      ...subjectOf(target),
      outcome,
      ...(record.reason !== undefined && { reason: record.reason }),
      count: record.tags,
      target: shown,
      by: name,
    });
  }
  if (isLogged) payload.logger.info(`payload-kv: purge of ${shown} by ${name}: ${outcomeOf(record)}`);
  if (typeof hook !== 'function') return;
  const failed = (error: unknown): void =>
    payload.logger.error({ err: error, msg: 'payload-kv: the hook `audit` failed' });
  try {
    const told = hook(record);
    if (told instanceof Promise) instance.background.run(told.catch(failed));
  } catch (error) {
    failed(error);
  }
}

function subjectOf(target: PurgedTarget): Pick<Told, 'subject' | 'name'> {
  if (target === 'everything') return {};
  if ('collection' in target) return { subject: 'collection', name: target.collection };
  if ('global' in target) return { subject: 'global', name: target.global };
  return 'namespace' in target ? { subject: 'function', name: target.namespace } : {};
}

function outcomeOf({ outcome, reason }: PurgeRecord): string {
  if (outcome === 'late') return 'late: the registry does not answer';
  return reason === undefined ? outcome : `${outcome} (${reason})`;
}

/** Who it was, in a line: whatever somebody calls themselves, it stays one. */
export function nameOf(by: PurgedBy): string {
  const quoted = (name: string): string => JSON.stringify(name.slice(0, LONGEST_NAME));
  switch (by.kind) {
    case 'user':
      return `${by.collection} ${JSON.stringify(by.id)}`;
    case 'terminal':
      return by.name ? `a signed request of ${quoted(by.name)}` : 'a signed request';
    case 'code':
      return by.name ? `code ${quoted(by.name)}` : 'code';
    case 'somebody':
      return 'somebody whom `access` let in';
  }
}
