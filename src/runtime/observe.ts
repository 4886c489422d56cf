/** Watches the cache: statistics, and what shows them. */
export { type Observation, type ObserveOptions, observationOf, type Reader } from './observe/observation.js';
export { observe } from './observe/observe.js';

export {
  BUCKET_BOUNDS,
  type CountedEvent,
  type HistoryPoint,
  type HotQuery,
  type Latency,
  type PartState,
  type RepeatedQuery,
  type Reuse,
  type Saved,
  type ShownPolicy,
  type Statistics,
  type Timed,
  TRIED_TTLS,
} from './observe/snapshot.js';
