/** Hands on what the cache does: to Prometheus, OpenTelemetry, StatsD and the log. */
export { type LogLevel, type LogsOptions, logs } from './metrics/logs.js';
export {
  type OpenTelemetryMeter,
  type OpenTelemetryOptions,
  type OpenTelemetryTracer,
  openTelemetry,
} from './metrics/open-telemetry.js';
export { type PrometheusOptions, type PrometheusRegister, prometheus } from './metrics/prometheus.js';
export { type StatsDClient, type StatsDOptions, statsD } from './metrics/stats-d.js';
export { METRICS, type Metric, type MetricLabel } from './observe/metrics.js';
export { PROMETHEUS_CONTENT_TYPE, prometheusText } from './observe/prometheus.js';
