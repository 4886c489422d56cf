/** Replaces entries that are served although they are not fresh. */
import type { Background } from '../../platform/background.js';
import { createExpiring } from '../../platform/expiring.js';
import { REMEMBERED_QUERIES } from './context.js';

/** Replaces entries in the background. */
export interface Revalidation {
  /** Replaces the entry under a key in the background, unless that is being done. */
  revalidate(key: string, replace: () => Promise<unknown>): void;
}

/** What replaces an entry and has not ended by then is taken for dead, in milliseconds: in workerd nobody would tell. */
const LONGEST_REVALIDATION = 30_000;

/** Creates the revalidation of one site. */
export function createRevalidation(background: Background): Revalidation {
  /** The keys of entries that are being replaced. */
  const underway = createExpiring<object>({ max: REMEMBERED_QUERIES, lifetime: LONGEST_REVALIDATION });

  return {
    revalidate(key, replace) {
      if (underway.get(key)) return;
      const own = {};
      underway.set(key, own);
      background.run(
        replace().finally(() => {
          if (underway.get(key) === own) underway.delete(key);
        }),
      );
    },
  };
}
