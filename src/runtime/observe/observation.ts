/** What a Payload instance carries of what watches its cache. */
import type { Payload, PayloadRequest } from 'payload';
import type { Duration } from '../../duration.js';
import type { Events } from '../../interfaces/events.js';
import type { Statistics } from './snapshot.js';

/** Where a Payload instance carries it. Shared by all copies of this module in a bundle. */
const OBSERVATION = Symbol.for('payload-kv.observation');

/** What hands on to another system what is seen of a cache: metrics, traces, logs. */
export interface Reader {
  /** Name for messages. */
  readonly name: string;
  /**
   * Called when the observation of a Payload instance begins.
   *
   * @returns what ends it
   */
  attach(payload: Payload, observation: Observation): () => void;
}

/** Options of {@link observe}. */
export interface ObserveOptions {
  /**
   * Who may see the statistics and purge. Default: users of the collection that signs in to the admin panel, where the
   * access control of the panel lets them in.
   */
  access?: (args: { req: PayloadRequest }) => boolean | Promise<boolean>;
  /** Whether Payload's REST has the endpoints `/payload-cache/…`, for the terminal and the admin view. Default `true`. */
  endpoints?: boolean;
  /**
   * Lets in to the endpoint `metrics` whoever sends it as `Authorization: Bearer …`: at least 16 characters. Default the
   * environment variable `PAYLOAD_KV_METRICS_TOKEN`, if it is set.
   */
  metricsToken?: string;
  /**
   * Show the cache in the admin panel, at `/admin/cache`, and put a button on each document and global that purges it.
   * Needs Payload's import map: run `payload generate:importmap` once. Default `false`.
   */
  adminView?: boolean;
  /** Hand on what is seen, e.g. `openTelemetry()` of `payload-kv/metrics`. Default none. */
  readers?: readonly Reader[];
  /**
   * How often each process writes down its numbers in the shared store, so that they can be added up; `false` for never.
   * Default one minute where the store is shared, never where it charges for writes.
   */
  shareEvery?: Duration | false;
}

/** What watches the cache of one Payload instance. */
export interface Observation {
  /** What `observe()` was given. */
  options: ObserveOptions;
  /** What happens, as it does. */
  events: Events;
  /**
   * What is known now.
   *
   * @param scope `process`, or `all` for those that share the store and wrote down theirs, where they do
   */
  statistics(scope?: Statistics['scope']): Promise<Statistics>;
  /** The same of this process alone, at once. */
  ownStatistics(): Statistics;
  /** Whether it is over, with the instance or by a hot reload. No signal: in workerd that belongs to one request. */
  hasEnded(): boolean;
}

/** Has a Payload instance carry it, or nothing any more. */
export function carryObservation(payload: Payload, observation: Observation | undefined): void {
  (payload as unknown as Record<symbol, Observation | undefined>)[OBSERVATION] = observation;
}

/** What it carries; `undefined` if nobody watches. */
export function observationOf(payload: Payload): Observation | undefined {
  return (payload as unknown as Record<symbol, Observation | undefined>)[OBSERVATION];
}
