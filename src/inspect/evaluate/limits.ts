/** How far code is followed: a config may call without end, and nest without end. */
import type { Evaluation } from './evaluation.js';

/** Why a value is not known where a limit is reached. */
export const TOO_DEEP = 'the calls go too deep to follow';

/** Calls of functions of the project, all in all. */
export const MOST_CALLS = 50_000;

/** Calls in each other. */
export const DEEPEST_CALL = 120;

/** Thenables that resolve to each other. */
export const DEEPEST_THENABLE = 5;

/** Expressions in each other, those of called functions among them. */
const DEEPEST_NESTING = 400;

/** Arrays and objects are filled late, so a recursion without end may show here rather than in the calls. */
export function nested<T>(evaluation: Evaluation, compute: () => T, otherwise: () => T): T {
  if (evaluation.nesting >= DEEPEST_NESTING) return otherwise();
  evaluation.nesting++;
  try {
    return compute();
  } finally {
    evaluation.nesting--;
  }
}
