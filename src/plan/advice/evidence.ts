/** When numbers are enough to say something, and how they are said. */
import type { Reuse } from '../../runtime/observe/snapshot.js';

/** Fewer reads than these say nothing of the next ones. */
export const ENOUGH_READS = 100;
/** Fewer hits than these, or less than this share of the reads, are not worth a change. */
export const ENOUGH_HITS = 20;
export const ENOUGH_SHARE = 0.05;

/** Whether so many of those reads are worth a change. */
export function isWorth(count: number, reads: number): boolean {
  return reads >= ENOUGH_READS && count >= ENOUGH_HITS && count >= ENOUGH_SHARE * reads;
}

/** Milliseconds that a query of it takes in the mean. */
export function meanTime({ measured, databaseTime }: Pick<Reuse, 'measured' | 'databaseTime'>): number {
  return measured > 0 ? databaseTime / measured : 0;
}

/** `40 %`. */
export function percent(part: number, whole: number): string {
  return whole > 0 ? `${Math.round((100 * part) / whole)} %` : '0 %';
}

/** `1 read`, `1,200 reads`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
] as const;

/** Seconds as an option has them: `15m`, `1d`, `90s`. */
export function durationText(seconds: number): string {
  const [unit, length] = UNITS.find(([, length]) => seconds >= length && seconds % length === 0) ?? ['s', 1];
  return `${seconds / length}${unit}`;
}
