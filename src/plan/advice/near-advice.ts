/** The tier in the process, where it is too small for what is asked. */
import type { Statistics } from '../../runtime/observe/snapshot.js';
import type { Advice } from './advice.js';
import { counted, isWorth, meanTime } from './evidence.js';

/** Above this share a bound is what entries give way to. */
const FULL = 0.8;

/** Where entries give way that are asked for again. */
export function adviseNearTier({ near, store, reuse = {}, latency }: Statistics): Advice[] {
  if (!near || near.evictions < near.entries) return [];
  const all = Object.values(reuse);
  const sum = (numberOf: (each: (typeof all)[number]) => number): number =>
    all.reduce((total, each) => total + numberOf(each), 0);
  const reads = sum((each) => each.reads);
  const hits = sum((each) => each.hits);
  const lost = sum((each) => each.lost);
  // Below it lies a store that has what gives way here: a call over the network rather than a query.
  const again = store.shared ? Math.min(latency.store.count, hits, near.evictions) : lost;
  if (!isWorth(again, reads)) return [];
  const isBoundByCount = near.entries >= FULL * near.maxEntries;
  const isBoundByBytes = near.bytes >= FULL * near.maxBytes;
  if (!isBoundByCount && !isBoundByBytes) return [];
  const proposed = [
    ...(isBoundByCount ? [`maxEntries: ${2 * near.maxEntries}`] : []),
    ...(isBoundByBytes ? [`maxBytes: ${2 * near.maxBytes}`] : []),
  ].join(', ');
  const now = isBoundByCount
    ? `at most ${counted(near.maxEntries, 'entry', 'entries')}`
    : `at most ${counted(near.maxBytes, 'byte')}`;
  return [
    {
      kind: 'near-tier',
      name: store.shared ? 'near tier' : store.name,
      now,
      proposed: `memory({ ${proposed} }), and look again`,
      because: `${counted(near.evictions, 'entry', 'entries')} gave way to others, and ${counted(again, 'read')} ${store.shared ? 'asked the store over the network' : 'had to ask the database'} for what might have been here.`,
      effect: store.shared
        ? { hits: 0, queries: 0, databaseTime: 0, writes: 0 }
        : {
            hits: lost,
            queries: lost,
            databaseTime: sum((each) => each.lost * meanTime(each)),
            writes: lost,
          },
    },
  ];
}
