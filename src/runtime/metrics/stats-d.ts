/** Metrics by a client of StatsD. */
import { type Duration, parseDuration } from '../../duration.js';
import { every } from '../../platform/every.js';
import { forEachTimed, histogramOf, METRICS, timedAs } from '../observe/metrics.js';
import type { Reader } from '../observe/observation.js';
import { dottedName } from './names.js';
import { missing, warnOnce } from './reader-faults.js';
import { type OwnLabels, whole } from './shown.js';

/** What is used of a client: hot-shots has it, and others that take tags as an object. */
export interface StatsDClient {
  /** Adds to a counter. */
  increment(name: string, value: number, tags: Record<string, string>): unknown;
  /** Sets a gauge. */
  gauge(name: string, value: number, tags: Record<string, string>): unknown;
  /** Tells a duration. */
  timing(name: string, milliseconds: number, tags: Record<string, string>): unknown;
}

/** Options of {@link statsD}. */
export interface StatsDOptions {
  /** The client. It stays the site's: it buffers, it samples, it hears of its errors, and the site closes it. */
  client: StatsDClient;
  /** How often counters and gauges are sent. Default 10 seconds. */
  every?: Duration;
  /** Tags of each series, to tell apart several sites. Default none. */
  labels?: OwnLabels;
}

const EVERY = 10;

/**
 * Sends metrics by a client of StatsD: each duration as it is told, counters (by how much they have grown) and gauges all
 * few seconds. On workerd there is no timer: they are sent with the first event after that time.
 *
 * @throws PayloadKVError `INVALID_READER` without a client, `INVALID_DURATION`
 */
export function statsD({ client, every: often = EVERY, labels = {} }: StatsDOptions): Reader {
  if (typeof client?.increment !== 'function' || typeof client.timing !== 'function')
    throw missing('statsD', 'a client', 'statsD({ client: new StatsD() }) with the package hot-shots');
  const interval = 1000 * parseDuration(often, 'statsD.every');
  return {
    name: 'statsD',
    attach(payload, { events, ownStatistics }) {
      const sent = new Map<string, number>();
      let due = Date.now() + interval;
      const durations = forEachTimed((timed) => {
        const { histogram, labels: own } = histogramOf(timed);
        return { name: dottedName(histogram), tags: tagsOf(whole(own, labels)) };
      });

      /** What a client throws is the site's to know, and no reader's to fail by. */
      function send(work: () => void): void {
        try {
          work();
        } catch (error) {
          const message = error instanceof Error ? error.message : String(error);
          warnOnce(payload, `the client of statsD() failed: ${message}. What it was given is lost.`);
        }
      }

      function flush(): void {
        due = Date.now() + interval;
        const statistics = ownStatistics();
        for (const metric of METRICS) {
          if (metric.type === 'histogram') continue;
          const name = dottedName(metric);
          for (const { labels: own, value } of metric.read(statistics)) {
            const tags = tagsOf(whole(own, labels));
            if (metric.type === 'gauge') client.gauge(name, value as number, tags);
            else increment(name, value as number, tags);
          }
        }
      }

      function increment(name: string, value: number, tags: Record<string, string>): void {
        const key = JSON.stringify([name, tags]);
        const more = value - (sent.get(key) ?? 0);
        if (more <= 0) return;
        client.increment(name, more, tags);
        sent.set(key, value);
      }

      const stop = events.listen((event) => {
        const timed = timedAs(event);
        if (timed) {
          const { name, tags } = durations[timed];
          send(() => client.timing(name, Math.max(event.duration ?? 0, 0), tags));
        }
        if (Date.now() >= due) send(flush);
      });
      const end = every(interval, () => send(flush));
      return () => {
        stop();
        end();
        send(flush);
      };
    },
  };
}

/** Not every client takes out what ends a tag, a metric or a line. */
function tagsOf(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
    Object.entries(labels).map(([label, value]) => [label, value.replace(/[\u0000-\u001f|,#]/g, '_')]),
  );
}
