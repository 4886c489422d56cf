/** What is purged, as `POST /payload-cache/purge` takes it. */
export type PurgeTarget =
  | 'everything'
  | { collection: string; id?: number | string }
  | { global: string }
  | { namespace: string };

/** A target, and what it is called. */
export interface NamedTarget {
  target: PurgeTarget;
  name: string;
}
