/** Writes that come within a short moment, sent together. */

/** One value to be written, or a key to be deleted. */
export interface GatheredWrite {
  key: string;
  /** `undefined` to delete the key. */
  value: string | undefined;
  /** Seconds, `undefined` for ever. */
  ttl: number | undefined;
}

/** Options of {@link gatherWrites}. */
export interface GatherOptions {
  /** Sends writes of different keys. Resolves with the error of each key that failed; rejects where all did. */
  send(writes: readonly GatheredWrite[]): Promise<ReadonlyMap<string, unknown>>;
  /** Milliseconds until the same key is worth another attempt, `undefined` for never. */
  pauseAfter(error: unknown, attempt: number): number | undefined;
  /** Attempts after the first. */
  retries: number;
  /** How long a write waits for others, in milliseconds. */
  moment: number;
  /** Shortest time between two sendings, in milliseconds. */
  interval: number;
  /** Most bytes that wait or are under way, counted as two per character. Beyond them a write is refused. */
  maximumBytes: number;
}

/** Takes writes and sends them together. */
export interface GatheredWrites {
  /**
   * Settles when this key's value is written, or a later one in its place.
   *
   * @param value `undefined` to delete the key
   */
  write(key: string, value: string | undefined, ttl: number | undefined): Promise<void>;
  /** Sends what waits at once and resolves when nothing waits any more; the outcomes are for those who wrote. */
  flush(): Promise<void>;
}

interface Waiting extends GatheredWrite {
  bytes: number;
  attempts: number;
  settle: { resolve(): void; reject(error: unknown): void }[];
}

/** What a write costs beside its text, estimated. */
const OVERHEAD = 200;

/**
 * Gathers writes. Only one sending is under way at any time, so that two values of a key cannot overtake each other;
 * what comes meanwhile goes with the next, and so do the keys that failed.
 *
 * One function: all in it shares what waits and what is under way.
 */
export function gatherWrites(options: GatherOptions): GatheredWrites {
  const { send, pauseAfter, retries, moment, interval, maximumBytes } = options;
  let waiting = new Map<string, Waiting>();
  /** Of what waits and what is under way. */
  let bytes = 0;
  let underWay: Promise<void> | undefined;
  let sentAt = 0;
  /** After a sending that failed as a whole, the next does not begin before. */
  let restUntil = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let dueAt = 0;

  function write(key: string, value: string | undefined, ttl: number | undefined): Promise<void> {
    const replaced = waiting.get(key);
    const size = 2 * (key.length + (value?.length ?? 0)) + OVERHEAD;
    const more = size - (replaced?.bytes ?? 0);
    if (bytes + more > maximumBytes) {
      return Promise.reject(new Error('Too much is waiting to be written to Cloudflare KV.'));
    }
    bytes += more;
    return new Promise((resolve, reject) => {
      const settle = replaced?.settle ?? [];
      settle.push({ resolve, reject });
      waiting.set(key, { key, value, ttl, bytes: size, attempts: replaced?.attempts ?? 0, settle });
      schedule(moment);
    });
  }

  function schedule(delay: number): void {
    if (underWay) return;
    const now = Date.now();
    // A clock that was set back must not make anybody wait.
    const rest = Math.min(
      Math.max(sentAt + interval, restUntil) - now,
      Math.max(interval, restUntil - sentAt),
    );
    const at = now + Math.max(delay, rest);
    if (timer !== undefined && dueAt <= at) return;
    clearTimeout(timer);
    dueAt = at;
    timer = setTimeout(begin, at - now);
  }

  function begin(): void {
    clearTimeout(timer);
    timer = undefined;
    underWay = sendAll().then((pause) => {
      underWay = undefined;
      if (waiting.size > 0) schedule(pause);
    });
  }

  /** Sends all that waits; resolves with the milliseconds until what failed may be sent again. Never rejects. */
  async function sendAll(): Promise<number> {
    const batch = waiting;
    waiting = new Map();
    sentAt = Date.now();
    let faults: ReadonlyMap<string, unknown>;
    try {
      faults = await send([...batch.values()]);
    } catch (error) {
      faults = new Map([...batch.keys()].map((key) => [key, error]));
    }
    let pause = 0;
    for (const write of batch.values()) {
      const error = faults.get(write.key);
      const wait = faults.has(write.key) ? pauseAfter(error, write.attempts) : undefined;
      write.attempts += 1;
      if (wait !== undefined && write.attempts <= retries) {
        pause = Math.max(pause, wait);
        sendAgain(write);
        continue;
      }
      bytes -= write.bytes;
      for (const { resolve, reject } of write.settle) faults.has(write.key) ? reject(error) : resolve();
    }
    restUntil = faults.size === batch.size ? Date.now() + pause : 0;
    return Math.max(pause, moment);
  }

  /** A value that failed waits for the next sending, unless a later one has taken its place. */
  function sendAgain(write: Waiting): void {
    const later = waiting.get(write.key);
    if (!later) {
      waiting.set(write.key, write);
      return;
    }
    bytes -= write.bytes;
    later.settle.push(...write.settle);
    later.attempts = Math.max(later.attempts, write.attempts);
  }

  return {
    write,
    async flush() {
      while (underWay || waiting.size > 0) {
        if (!underWay) begin();
        await underWay;
      }
    },
  };
}
