/** How metrics are called where a unit is given beside the name, or goes without saying. */
import type { Metric } from '../observe/metrics.js';

/** `payload_kv.hit_duration` of `payload_kv_hit_duration_seconds`, `payload_kv.reads` of `payload_kv_reads_total`. */
export function dottedName({ name, type }: Pick<Metric, 'name' | 'type'>): string {
  const ending = type === 'histogram' ? /_seconds$/ : /_total$/;
  return `payload_kv.${name.replace(/^payload_kv_/, '').replace(ending, '')}`;
}
