/** How metrics are called where units are no part of the name. */
import type { Metric } from '../observe/metrics.js';

/** `payload_kv.hit_duration` of `payload_kv_hit_duration_seconds`: exporters to Prometheus put back what is left away. */
export function dottedName({ name, unit }: Pick<Metric, 'name' | 'unit'>): string {
  const short = name.replace(/^payload_kv_/, '').replace(/_total$/, '');
  const ending = unit ? `_${unit}` : '';
  return `payload_kv.${ending && short.endsWith(ending) ? short.slice(0, -ending.length) : short}`;
}
