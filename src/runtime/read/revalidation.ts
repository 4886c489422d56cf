/** Replaces entries that are served although they are not fresh. */
import { createExpiring } from '../../platform/expiring.js';
import { NOBODY } from '../operation/reader.js';
import { REMEMBERED_QUERIES, type Read, type Wanted } from './context.js';
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
  /** The keys of entries that a query in the background replaces. */
  const underway = createExpiring<object>({ max: REMEMBERED_QUERIES, lifetime: LONGEST_REVALIDATION });

  return {
    revalidate(read, wanted, found) {
      const { key } = wanted;
      if (underway.get(key)) return;
      const own = {};
      underway.set(key, own);
      context.background.run(
        fill(context, { ...read, ask: read.askApart }, NOBODY, wanted, found).finally(() => {
          if (underway.get(key) === own) underway.delete(key);
        }),
      );
    },
  };
}
