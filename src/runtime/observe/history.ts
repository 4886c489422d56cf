/** What happened in the last hour, by intervals. */
import type { HistoryPoint } from './snapshot.js';

/** Seconds of one point. */
export const INTERVAL = 30;
/** Points kept: an hour. */
export const POINTS = 120;

/** The counts of the last hour. */
export interface History {
  /** The point of a moment that is not long ago, in milliseconds since 1970, to be added to. */
  at(time: number): HistoryPoint;
  /** All points of the hour, the oldest first. */
  read(): HistoryPoint[];
}

/** Creates the history of one process. `now` in milliseconds since 1970. */
export function createHistory(now: () => number): History {
  const ring: (HistoryPoint | undefined)[] = new Array(POINTS);
  const beginOf = (time: number): number => Math.floor(time / (1000 * INTERVAL)) * 1000 * INTERVAL;
  const placeOf = (at: number): number => (at / (1000 * INTERVAL)) % POINTS;
  let current: HistoryPoint | undefined;
  let until = 0;

  return {
    at(time) {
      if (current && time < until && time >= current.at) return current;
      const at = beginOf(time);
      const known = ring[placeOf(at)];
      current = known?.at === at ? known : emptyPoint(at);
      ring[placeOf(at)] = current;
      until = at + 1000 * INTERVAL;
      return current;
    },
    read() {
      const last = beginOf(now());
      return Array.from({ length: POINTS }, (_, index) => {
        const at = last - (POINTS - 1 - index) * 1000 * INTERVAL;
        const known = ring[placeOf(at)];
        return known?.at === at ? { ...known } : emptyPoint(at);
      });
    },
  };
}

/** A point in which nothing has happened. */
export const emptyPoint = (at: number): HistoryPoint => ({
  at,
  hits: 0,
  misses: 0,
  stale: 0,
  bypasses: 0,
  errors: 0,
  invalidations: 0,
  savedTime: 0,
});
