/**
 * Comes in: what watches several Payload instances of a process. Goes out: one value for each series, for all that show
 * their metrics in the same place.
 */
import { shared } from '../../platform/shared.js';
import { addLatencies } from '../observe/latency.js';
import type { Metric } from '../observe/metrics.js';
import type { Observation } from '../observe/observation.js';
import type { Latency, Statistics } from '../observe/snapshot.js';

/** Labels of the site's own, the same on each of its series. */
export type OwnLabels = Readonly<Record<string, string>>;

/** One Payload instance, with what its series are marked by. */
export interface Source {
  observation: Pick<Observation, 'ownStatistics'>;
  labels: OwnLabels;
}

/** One value of a metric, with all its labels. */
export interface ShownValue {
  labels: Record<string, string>;
  value: number | Latency;
}

/** The values of a metric at this moment. Those of one tick are of the same moment. */
export type ReadValues = (metric: Metric) => ShownValue[];

interface Place {
  sources: Set<Source>;
  end(): void;
}

/** A registry or a meter takes a metric once, whoever of a process has something to show there. */
const places = shared('metric-places', () => new WeakMap<object, Place>());

/**
 * Shows a source in a place, until the returned function is called.
 *
 * @param begin called where the place shows none yet; returns what is to be called when it shows none any more
 */
export function showIn(place: object, source: Source, begin: (read: ReadValues) => () => void): () => void {
  let known = places.get(place);
  if (!known) {
    const sources = new Set<Source>();
    known = { sources, end: begin(reading(sources)) };
    places.set(place, known);
  }
  const { sources, end } = known;
  sources.add(source);
  return () => {
    if (!sources.delete(source) || sources.size > 0) return;
    places.delete(place);
    end();
  };
}

function reading(sources: ReadonlySet<Source>): ReadValues {
  let moment: { statistics: Statistics; labels: OwnLabels }[] | undefined;
  return (metric) => {
    if (!moment) {
      moment = [...sources].map(({ observation, labels }) => ({
        statistics: observation.ownStatistics(),
        labels,
      }));
      queueMicrotask(() => {
        moment = undefined;
      });
    }
    return merged(
      metric,
      moment.flatMap(({ statistics, labels: own }) =>
        metric.read(statistics).map(({ labels, value }) => ({ labels: whole(labels, own), value })),
      ),
    );
  };
}

/** The labels that have a value. Those of the metric win. */
export function whole(
  labels: Readonly<Record<string, string | undefined>>,
  own: OwnLabels,
): Record<string, string> {
  const given = Object.entries({ ...own, ...labels }).filter(([, value]) => value);
  return Object.fromEntries(given) as Record<string, string>;
}

function merged({ merged: how }: Metric, values: readonly ShownValue[]): ShownValue[] {
  const byLabels = new Map<string, ShownValue>();
  for (const { labels, value } of values) {
    const key = JSON.stringify(Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1)));
    const known = byLabels.get(key);
    byLabels.set(key, { labels, value: known ? together(known.value, value, how) : value });
  }
  return [...byLabels.values()];
}

function together(one: number | Latency, other: number | Latency, how: Metric['merged']): number | Latency {
  if (typeof one !== 'number' || typeof other !== 'number')
    return addLatencies([one, other].filter((each) => typeof each !== 'number'));
  if (how === 'sum') return one + other;
  return how === 'min' ? Math.min(one, other) : Math.max(one, other);
}
