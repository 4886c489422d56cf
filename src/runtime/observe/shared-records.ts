/**
 * The statistics of each process in the store that all share, so that any of them can add them up. A record that nobody
 * renews expires: what is added up is what the processes of the last minutes have counted since they began.
 */
import type { Payload } from 'payload';
import { RECORD_PREFIX } from '../../interfaces/keys.js';
import { newVersion } from '../../interfaces/registry.js';
import { isWorkerd } from '../../platform/background.js';
import { hash } from '../../platform/hash.js';
import { instanceOf } from '../carried-instance.js';
import type { FillContext } from '../read/fill.js';
import type { Statistics } from './snapshot.js';

/** How many times its interval a record lives. */
const LIVES = 3;
/** Records that are read: a fleet of more processes is added up in part. */
const MOST_RECORDS = 200;

/** The records of one process. */
export interface SharedRecords {
  /** Called at each event: writes down the numbers where it is time, for in workerd there is no timer between requests. */
  tick(time: number): void;
  /** What others wrote down. Rejects where the store does. */
  others(): Promise<Statistics[]>;
  end(): void;
}

/** Begins to write down the numbers of this process every so many milliseconds. */
export function createSharedRecords(
  payload: Payload,
  interval: number,
  read: () => Statistics,
): SharedRecords {
  let name: string | undefined;
  let due = Date.now() + interval;

  const prefixOf = ({ scope }: FillContext): string => `${RECORD_PREFIX}${hash(scope)}:`;

  async function write(): Promise<void> {
    const reads = instanceOf(payload)?.reads();
    if (!reads || reads.storeGuard.isOpen()) return;
    // Not before: a Worker has no randomness while it starts.
    name ??= newVersion();
    const key = prefixOf(reads) + name;
    const text = await reads.envelope.seal(key, JSON.stringify(read()));
    const ttl = Math.max((LIVES * interval) / 1000, reads.far.minimumTtl ?? 1);
    await reads.storeGuard.run(async () => reads.far.set(key, text, ttl), {
      timeout: reads.writeTimeout,
      operation: 'write',
    });
  }

  function tick(time: number): void {
    if (time < due) return;
    due = time + interval;
    const instance = instanceOf(payload);
    instance?.background.run(write());
  }

  const timer = isWorkerd() ? undefined : setInterval(() => tick(Date.now()), interval);
  timer?.unref?.();

  return {
    tick,
    async others() {
      const reads = instanceOf(payload)?.reads();
      if (!reads) return [];
      const found: Statistics[] = [];
      let left = MOST_RECORDS;
      for await (const keys of reads.far.list(prefixOf(reads))) {
        const others = keys.filter((key) => !name || !key.endsWith(`:${name}`)).slice(0, left);
        left -= others.length;
        const texts = others.length > 0 ? await reads.far.getMany(others) : [];
        for (const [index, text] of texts.entries()) {
          const opened =
            typeof text === 'string' ? await reads.envelope.open(others[index]!, text) : undefined;
          const statistics = opened ? statisticsIn(opened) : undefined;
          if (statistics) found.push(statistics);
        }
        if (left <= 0) break;
      }
      return found;
    },
    end() {
      clearInterval(timer);
    },
  };
}

/** The statistics that a record holds, once it is opened; `undefined` where it is none, or of another version. */
export function statisticsIn(text: string): Statistics | undefined {
  try {
    const found = JSON.parse(text) as Statistics;
    const isWhole =
      found.format === 1 &&
      Array.isArray(found.events) &&
      Array.isArray(found.hotQueries) &&
      Array.isArray(found.history?.points);
    return isWhole ? found : undefined;
  } catch {
    return undefined;
  }
}
