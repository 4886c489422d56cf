/** Metrics in a registry of the package prom-client, which the site has. */
import { METRICS, type Metric } from '../observe/metrics.js';
import type { Reader } from '../observe/observation.js';
import { linesOf } from '../observe/prometheus.js';
import { missing, warnOnce } from './reader-faults.js';
import { type OwnLabels, type ReadValues, type ShownValue, showIn } from './shown.js';

/** What is used of a registry of prom-client. */
export interface PrometheusRegister {
  /** Takes a metric, which it reads when it is read itself. */
  registerMetric(metric: any): void;
  /** The metric of a name; `undefined` where there is none. */
  getSingleMetric(name: string): unknown;
  /** Takes the metric of a name out. */
  removeSingleMetric(name: string): void;
}

/** Options of {@link prometheus}. */
export interface PrometheusOptions {
  /** The registry, e.g. `register` of prom-client. */
  register: PrometheusRegister;
  /** Labels of each series, to tell apart several sites in one registry. Without them they are added up. Default none. */
  labels?: OwnLabels;
}

/**
 * Shows all metrics in a registry of prom-client, as long as a Payload instance is observed. They are read when the
 * registry is; nothing is counted twice. Where the registry has a metric of such a name, that one stays and a warning is
 * logged.
 *
 * @throws PayloadKVError `INVALID_READER` without a registry
 */
export function prometheus({ register, labels = {} }: PrometheusOptions): Reader {
  if (typeof register?.registerMetric !== 'function')
    throw missing('prometheus', 'a registry of prom-client', 'prometheus({ register })');
  return {
    name: 'prometheus',
    attach: (payload, observation) =>
      showIn(register, { observation, labels }, (read) => {
        const ours = METRICS.map((metric) => collectorOf(metric, read)).filter((collector) => {
          if (!register.getSingleMetric(collector.name)) return true;
          warnOnce(
            payload,
            `prometheus() leaves ${collector.name} away: the registry has a metric of this name. Give it another registry.`,
          );
          return false;
        });
        for (const collector of ours) register.registerMetric(collector);
        const names = ours.map((collector) => [collector.name, collector] as const);
        return () => {
          for (const [name, collector] of names)
            if (register.getSingleMetric(name) === collector) register.removeSingleMetric(name);
        };
      }),
  };
}

/** A metric as prom-client asks it for its values. */
function collectorOf(metric: Metric, read: ReadValues) {
  const { name, help, type, merged: aggregator } = metric;
  const collector = {
    // For OpenMetrics the registry takes `_total` off it.
    name,
    help,
    type,
    /** How a cluster's parent adds up what its workers tell. */
    aggregator,
    get: () => ({
      name: collector.name,
      help,
      type,
      aggregator,
      values: read(metric).flatMap((value) => valuesOf(name, value)),
    }),
    /** What was counted stays: it is not the registry's. */
    reset() {},
  };
  return collector;
}

function valuesOf(name: string, { labels, value }: ShownValue) {
  if (typeof value === 'number') return [{ labels, value }];
  return linesOf(value).map(({ suffix, le, number }) => ({
    labels: le === undefined ? labels : { ...labels, le },
    value: number,
    metricName: `${name}${suffix}`,
  }));
}
