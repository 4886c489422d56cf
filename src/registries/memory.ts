import type { Locks } from '../interfaces/locks.js';
import { newVersion, type Registry } from '../interfaces/registry.js';
import { answerLock, type LockRow } from './lock-table.js';
import { toldLocks } from './told-locks.js';

/** Options of {@link memoryRegistry}. */
export interface MemoryRegistryOptions {
  /** Most tags remembered. Beyond it all entries become stale once and counting begins anew. Default 200,000. */
  maxTags?: number;
}

/** Tag versions in this process. Strongly consistent for a site that runs in one process, and blind to any other. */
export function memoryRegistry(options: MemoryRegistryOptions = {}): Registry {
  const maxTags = options.maxTags ?? 200_000;
  const versions = new Map<string, string>();
  // A tag that is not remembered has the version of the epoch. Forgetting tags therefore begins a new epoch, and so does
  // the process: no entry that a store kept from before can be taken for fresh.
  // Made when it is first asked for: while a Worker's modules are loaded there is no randomness.
  let epoch: string | undefined;
  return {
    name: 'memory',
    local: true,
    defaultConsistency: 'strong',
    canBeStrong: true,
    get(tags) {
      epoch ??= newVersion();
      return tags.map((tag) => versions.get(tag) ?? epoch);
    },
    async replace(tags, context) {
      if (versions.size + tags.length > maxTags) {
        versions.clear();
        epoch = newVersion();
      }
      return tags.map((tag) => {
        const version = context?.version ?? newVersion();
        versions.set(tag, version);
        return version;
      });
    },
    locks: locksInMemory(),
  };
}

/** Locks remembered before those that are free are forgotten. */
const MOST_LOCKS = 1_000;

/** Locks for all that is in this process. */
function locksInMemory(): Locks {
  const rows = new Map<string, LockRow>();
  return toldLocks('memory', async (request) => {
    // Of a clock that nobody sets: by one that was set back, what was given back would be open to everybody.
    const now = Math.floor(performance.timeOrigin + performance.now());
    const { answer, changed } = answerLock(rows.get(request.name), request, now);
    if (changed) rows.set(request.name, changed);
    if (rows.size > MOST_LOCKS) for (const [name, { until }] of rows) if (until <= now) rows.delete(name);
    return answer;
  });
}
