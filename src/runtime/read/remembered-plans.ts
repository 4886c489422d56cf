/** Plans of queries that were asked before, found by what they ask. */
import { leastRecentlyUsed } from '../../platform/least-recently-used.js';
import type { Token } from '../query/canonical-arguments.js';
import { type Plan, REMEMBERED_QUERIES } from './context.js';

/** Remembers plans. */
export interface RememberedPlans {
  /** The plan of a question, told as a row of tokens. */
  find(question: readonly Token[]): Plan | undefined;
  remember(question: readonly Token[], plan: Plan): void;
}

interface Remembered {
  question: readonly Token[];
  plan: Plan;
}

/** Questions remembered that look alike at a glance: somebody may ask many on purpose. */
const MOST_ALIKE = 4;

/**
 * Creates what one site remembers. Two questions are compared token by token where they look alike at a glance: to put
 * them together to one text, and have that hashed, takes many times as long.
 */
export function createRememberedPlans(): RememberedPlans {
  const remembered = leastRecentlyUsed<number, Remembered[]>(REMEMBERED_QUERIES);
  return {
    find(question) {
      const alike = remembered.get(glanceAt(question));
      if (alike) for (const known of alike) if (isSame(known.question, question)) return known.plan;
      return undefined;
    },
    remember(question, plan) {
      const glance = glanceAt(question);
      const alike = remembered.get(glance) ?? [];
      remembered.set(glance, [{ question, plan }, ...alike.slice(0, MOST_ALIKE - 1)]);
    },
  };
}

/** A number that is the same for the same question, and seldom for two. */
function glanceAt(question: readonly Token[]): number {
  let glance = question.length;
  for (const token of question) {
    let part = 1;
    if (typeof token === 'string') {
      const { length } = token;
      part = length;
      // Most texts that differ do so in their length, at their end or in their middle.
      for (let place = Math.max(length - 3, 0); place < length; place++)
        part = Math.imul(part, 31) + token.charCodeAt(place);
      if (length > 3) part = Math.imul(part, 31) + token.charCodeAt(length >> 1);
    } else if (typeof token === 'number') part = token;
    else if (token === true) part = 2;
    glance = Math.imul(glance ^ part, 0x01000193);
  }
  return glance;
}

/** Whether two rows of tokens are the same. */
export function isSame(one: readonly Token[], other: readonly Token[]): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}
