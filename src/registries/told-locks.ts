/** Locks by a table that is told what to do with them. */
import type { Locks } from '../interfaces/locks.js';
import { newVersion } from '../interfaces/registry.js';
import type { LockAnswer, LockRequest } from './lock-table.js';

/** Makes locks of what answers requests of a table. */
export function toldLocks(name: string, tell: (request: LockRequest) => Promise<LockAnswer>): Locks {
  return {
    name,
    async acquire(lock, lifetime) {
      const own = { name: lock, holder: newVersion() };
      const { token, isOpen = false } = await tell({ ...own, action: 'acquire', lifetime });
      if (token === undefined) return undefined;
      return {
        token,
        extend: async (longer) =>
          isOpen || (await tell({ ...own, action: 'extend', lifetime: longer })).isHeld === true,
        async release(openFor = 0) {
          if (!isOpen) await tell({ ...own, action: 'release', lifetime: openFor });
        },
      };
    },
  };
}
