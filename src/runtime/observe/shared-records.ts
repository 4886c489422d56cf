/**
 * The statistics of each process in the store that all share, so that any of them can add them up. A record that nobody
 * renews expires: what is added up is what the processes of the last minutes have counted since they began.
 */
import type { Payload } from 'payload';
import { RECORD_PREFIX } from '../../interfaces/kinds-of-keys.js';
import { newVersion } from '../../interfaces/registry.js';
import { every } from '../../platform/every.js';
import { hash } from '../../platform/hash.js';
import { listedWithin } from '../../platform/listed-within.js';
import { withTimeout } from '../../platform/timeout.js';
import { instanceOf } from '../carried-instance.js';
import type { FillContext } from '../read/fill.js';
import { readRecord } from './read-record.js';
import type { Statistics } from './snapshot.js';

/** How many times its interval a record lives. */
const LIVES = 3;
/** Records that are read: a fleet of more processes is added up in part. */
const MOST_RECORDS = 200;
/** How long listing them, and reading each page of them, may take, in milliseconds. */
const LONGEST_LISTING = 5_000;
const LONGEST_READ = 2_000;

/** The records of one process. */
export interface SharedRecords {
  /** Called at each event: writes down the numbers where it is time, for in workerd there is no timer between requests. */
  tick(time: number): void;
  /** What others wrote down, as far as the store tells. Never rejects: it is asked for when the store is in trouble, too. */
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
    if (!reads?.stores || reads.storeGuard.isOpen()) return;
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

  async function readOthers(reads: FillContext, found: Statistics[]): Promise<void> {
    let left = MOST_RECORDS;
    for await (const keys of listedWithin(reads.far.list(prefixOf(reads)), LONGEST_LISTING)) {
      const others = keys.filter((key) => !name || !key.endsWith(`:${name}`)).slice(0, left);
      left -= others.length;
      const reading = async () => (others.length > 0 ? reads.far.getMany(others) : []);
      const texts = await withTimeout(reading(), LONGEST_READ);
      for (const [index, text] of texts.entries()) {
        const opened = typeof text === 'string' ? await reads.envelope.open(others[index]!, text) : undefined;
        const statistics = opened ? readRecord(opened) : undefined;
        if (statistics) found.push(statistics);
      }
      if (left <= 0) break;
    }
  }

  function tick(time: number): void {
    if (time < due) return;
    due = time + interval;
    const instance = instanceOf(payload);
    instance?.background.run(write());
  }

  const end = every(interval, () => tick(Date.now()));

  return {
    tick,
    async others() {
      const reads = instanceOf(payload)?.reads();
      const found: Statistics[] = [];
      if (!reads || reads.storeGuard.isOpen()) return found;
      try {
        await readOthers(reads, found);
      } catch (error) {
        reads.onFault(error, 'reading the statistics of other processes');
      }
      return found;
    },
    end,
  };
}
