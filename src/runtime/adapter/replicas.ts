import type { DatabaseAdapter } from 'payload';
import { parseDuration } from '../../duration.js';
import type { PayloadKVOptions } from '../policy/options.js';

/** Seconds after a replacement in which a read replica may still answer with older data. */
const DEFAULT_REPLICA_LAG = 5;

/** Whether the adapter reads from replicas: D1 and PostgreSQL keep that option under different names. */
export function hasReplicas(adapter: DatabaseAdapter): boolean {
  const { readReplicas, readReplicaOptions } = adapter as unknown as Record<string, unknown>;
  return [readReplicas, readReplicaOptions].some((option) =>
    Array.isArray(option) ? option.length > 0 : Boolean(option),
  );
}

/** Seconds for which a read may be older than a write; 0 where there are no replicas. */
export function replicaLag({ replicaLag: lag }: PayloadKVOptions, adapter: DatabaseAdapter): number {
  if (lag !== undefined) return lag === 0 ? 0 : parseDuration(lag, 'replicaLag');
  return hasReplicas(adapter) ? DEFAULT_REPLICA_LAG : 0;
}
