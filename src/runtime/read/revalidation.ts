/** Replaces entries that are served although they are not fresh. */
import { NOBODY } from '../operation/reader.js';
import type { Read, Wanted } from './context.js';
import { type FillContext, fill } from './fill.js';

/** Replaces entries in the background. */
export interface Revalidation {
  /** Replaces an entry in the background, unless that is being done. */
  revalidate(read: Read, wanted: Wanted, found: (string | undefined)[] | undefined): void;
}

/** A background query that has not ended by then is taken for dead, in milliseconds: in workerd nobody would tell. */
const LONGEST_REVALIDATION = 30_000;

/** Creates the revalidation of one site. */
export function createRevalidation(context: FillContext): Revalidation {
  const { now } = context;
  /** When a query to replace an entry was begun in the background, by key. */
  const revalidating = new Map<string, number>();

  return {
    revalidate(read, wanted, found) {
      const { key } = wanted;
      const passed = now() - (revalidating.get(key) ?? Number.NEGATIVE_INFINITY);
      if (passed >= 0 && passed < LONGEST_REVALIDATION) return;
      for (const [oldest, begun] of revalidating) {
        if (now() - begun < LONGEST_REVALIDATION) break;
        revalidating.delete(oldest);
      }
      const begun = now();
      revalidating.set(key, begun);
      context.background.run(
        fill(context, { ...read, ask: read.askApart }, NOBODY, wanted, found).finally(() => {
          if (revalidating.get(key) === begun) revalidating.delete(key);
        }),
      );
    },
  };
}
