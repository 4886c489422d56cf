/** Tells a recorder what a read depends on that the database answers. */
import type { Recorder } from '../../interfaces/recorder.js';
import { refusalOfUsers } from '../operation/reader.js';
import { freshnessOf } from '../policy/freshness.js';
import { isInternal } from '../policy/policy.js';
import { tagsOf } from '../query/dependencies.js';
import { collectionTag, globalTag } from '../query/tags.js';
import type { BypassReason } from '../stats/stats.js';
import type { Read } from './context.js';
import type { FillContext } from './fill.js';
import { recordedVersions } from './known-versions.js';

/** A read that the database answers, of what reads share, and why. */
export type Bypassed = [context: FillContext, read: Read, reason: BypassReason];

/**
 * Notes the tags of a read, with their versions before the database is asked. Never rejects. Recorders bring it along:
 * only a site that has some takes it.
 */
export async function recordBypass(recorder: Recorder, ...[context, read, reason]: Bypassed): Promise<void> {
  const { type, slug } = read;
  // What it sees inside of a write is for nobody else.
  if (reason === 'transaction' || reason === 'write-operation' || reason === 'unknown-argument') {
    recorder.refuse(reason);
    return;
  }
  if (type === 'collection' && context.schema.collections.get(slug)?.auth) recorder.refuse(refusalOfUsers());
  // Writes to Payload's own bookkeeping make nothing stale.
  if (isInternal(slug)) {
    recorder.refuse('untracked');
    return;
  }
  const tags = tagsOfUncached(context, read);
  if (!tags) {
    recorder.refuse('unknown-argument');
    return;
  }
  const rule = freshnessOf(context.policy, type === 'global' ? globalTag(slug) : collectionTag(slug));
  const asking = { rule, count: context.counts(type, slug) };
  const versions = context.pendingFor(tags) ? undefined : await recordedVersions(context, asking, tags);
  if (versions) recorder.note(tags, versions);
  else recorder.refuse('error');
}

/** The tags of a read that is not cached; `undefined` if its arguments cannot be understood. */
export function tagsOfUncached(
  { schema, onFault }: FillContext,
  { operation, slug, args }: Read,
): readonly string[] | undefined {
  try {
    // Writes replace no slices of what is not cached.
    return tagsOf({ operation, slug, args }, { schema, slicesOf: () => [] });
  } catch (error) {
    onFault(error, `analysing ${operation} on ${slug}`);
    return undefined;
  }
}
