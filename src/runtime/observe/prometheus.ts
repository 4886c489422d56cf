/** Statistics in the text format of Prometheus, version 0.0.4. */
import { METRICS, type Metric, type Sample } from './metrics.js';
import { BUCKET_BOUNDS, type Latency, type Statistics } from './snapshot.js';

/** What an endpoint says that its text is. */
export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** All metrics as text. */
export function prometheusText(statistics: Statistics): string {
  return METRICS.map((metric) => textOf(metric, metric.read(statistics))).join('');
}

function textOf({ name, type, help }: Metric, samples: readonly Sample[]): string {
  const lines = samples.flatMap(({ labels, value }) =>
    linesOf(value).map(
      ({ suffix, le, number }) =>
        `${name}${suffix}${labelsText(le === undefined ? labels : { ...labels, le })} ${numberText(number)}`,
    ),
  );
  return [`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n');
}

/** What one value of a metric is shown as. */
export interface Line {
  /** What follows on the metric's name. */
  suffix: '' | '_bucket' | '_sum' | '_count';
  /** Upper bound of a bucket, in seconds. */
  le?: string;
  number: number;
}

/** Upper bounds of the buckets that are shown, in seconds: one for each doubling. */
export const shownBounds = (): number[] =>
  BUCKET_BOUNDS.filter((_, index) => index % 2 === 0).map((bound) => bound / 1000);

/** The lines of one value. Of a histogram every other bucket is shown. */
export function linesOf(value: number | Latency): Line[] {
  if (typeof value === 'number') return [{ suffix: '', number: value }];
  const lines: Line[] = [];
  let seen = 0;
  for (const [index, bound] of BUCKET_BOUNDS.entries()) {
    seen += value.buckets[index] ?? 0;
    if (index % 2 === 0) lines.push({ suffix: '_bucket', le: numberText(bound / 1000), number: seen });
  }
  return [
    ...lines,
    { suffix: '_bucket', le: '+Inf', number: value.count },
    { suffix: '_sum', number: value.sum / 1000 },
    { suffix: '_count', number: value.count },
  ];
}

function labelsText(labels: Readonly<Record<string, string | undefined>>): string {
  const texts = Object.entries(labels)
    .filter(([, value]) => value)
    .map(([label, value]) => `${label}="${escaped(value as string).replaceAll('"', '\\"')}"`);
  return texts.length > 0 ? `{${texts.join(',')}}` : '';
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
