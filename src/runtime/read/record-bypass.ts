/** Tells a recorder what a read depends on that the database answers. */
import type { Recorder } from '../../interfaces/recorder.js';
import { refusalOfUsers } from '../operation/reader.js';
import { isInternal } from '../policy/policy.js';
import { collectionTag, globalTag } from '../query/tags.js';
import type { BypassReason } from '../stats/stats.js';
import type { Read } from './context.js';
import type { FillContext } from './fill.js';
import { recordedVersions } from './known-versions.js';

/** Notes the tags of a read, with their versions before the database is asked. Never rejects. */
export async function recordBypass(
  context: FillContext,
  read: Read,
  reason: BypassReason,
  recorder: Recorder,
): Promise<void> {
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
  const tags = context.plans.tagsOf(read);
  if (!tags) {
    recorder.refuse('unknown-argument');
    return;
  }
  const rule = context.policy.freshnessOf(type === 'global' ? globalTag(slug) : collectionTag(slug));
  const asking = { rule, count: context.counts(type, slug) };
  const versions = context.pendingFor(tags) ? undefined : await recordedVersions(context, asking, tags);
  if (versions) recorder.note(tags, versions);
  else recorder.refuse('error');
}
