import type { Events } from '../../interfaces/events.js';

/**
 * The moment, if anybody wants to know how long things take.
 *
 * Apart from `events.ts`: OpenNext takes what reaches it into a config in which Node's modules but `node:crypto` are
 * not there.
 */
export const momentIn = (events: Events): number | undefined =>
  events.isHeard() ? performance.now() : undefined;
