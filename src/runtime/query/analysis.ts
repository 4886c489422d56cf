/** What the analysis of one query has come to, and what it may cost. */
import type { SiteSchema, SliceField } from './site-schema.js';

/** What the analysis asks of the policy. */
export interface TagContext {
  schema: SiteSchema;
  /** The slice fields of a collection; empty where it has none. */
  slicesOf(slug: string): readonly SliceField[];
  /** Tags that a dependence on slices of a collection brings along. Default none. */
  guardsOf?(slug: string): readonly string[];
}

/**
 * Most steps of the analysis of one query; one that takes more is not cached. Beyond the paths of a query, blocks and
 * relations that lead to one another cost steps.
 */
export const MOST_STEPS = 20_000;

/** Thrown by an analysis, and caught where it began: the query is beyond the bounds. */
export const TOO_MUCH = Symbol('too much');

/** How many steps an analysis has taken: segments, properties, values, and the fields and blocks looked at for each. */
export interface Steps {
  taken: number;
}

/** Throws {@link TOO_MUCH} beyond {@link MOST_STEPS}. */
export type Take = (steps?: number) => void;

/** The analysis of one query. */
export interface Analysis {
  schema: SiteSchema;
  context: TagContext;
  /** What the query depends on, as far as it is known by now. */
  tags: Set<string>;
  take: Take;
}

/** Begins the analysis of a query. */
export function createAnalysis(context: TagContext, steps: Steps): Analysis {
  return {
    schema: context.schema,
    context,
    tags: new Set(),
    take(more = 1) {
      if (more > MOST_STEPS - steps.taken) throw TOO_MUCH;
      steps.taken += more;
    },
  };
}
