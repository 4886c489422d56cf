/** What a cache that goes on without its registry does where that, or the store, did not answer. */
import type { Absent, Fresh, ReadContext, Unanswered, Wanted } from './context.js';
import { completed } from './context.js';
import { absent } from './judge.js';
import { readRegistry } from './known-versions.js';
import { lookupNear } from './lookup.js';

/** What this process holds, by the versions that it goes by meanwhile. */
export async function lookupAlone(
  context: ReadContext,
  wanted: Wanted,
  { current, unknown, answered, moment }: Unanswered,
): Promise<Fresh | Absent> {
  // Where versions lie in the store, the registry was not asked yet.
  const answer = answered ?? (await readRegistry(context, wanted, unknown));
  const complete = completed(current, context.versions.learn(unknown, answer, moment) ?? []);
  const nearby = wanted.refresh ? undefined : lookupNear(context, wanted, complete);
  return nearby ?? absent(false, complete);
}
