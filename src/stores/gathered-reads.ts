/** Reads made at the same time share requests. */
export interface GatheredReads {
  /** The value of a key. Rejects for a fault of the request it went with, and where too many are waiting. */
  read(key: string): Promise<string | undefined>;
}

/** Options of {@link gatherReads}. */
export interface GatherReadsOptions {
  /** Reads keys in one request. Absent ones are not in the answer. */
  ask(keys: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Milliseconds a read waits for others. */
  moment: number;
  /** Keys of one request. */
  mostKeys: number;
  /** Requests under way at any time. */
  mostRequests: number;
  /** Keys that wait; beyond them a read fails at once. */
  mostWaiting: number;
}

interface WaitingRead {
  resolve(value: string | undefined): void;
  reject(error: unknown): void;
}
/** Gathers reads. */
export function gatherReads(options: GatherReadsOptions): GatheredReads {
  /** Who waits for a key that is not asked for yet. */
  const waitingReads = new Map<string, WaitingRead[]>();
  let readsUnderWay = 0;

  function read(key: string): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      // Not with one that is under way: it may bring a value from before a write that has ended since.
      const others = waitingReads.get(key);
      if (others) {
        others.push({ resolve, reject });
        return;
      }
      if (waitingReads.size >= options.mostWaiting) {
        reject(new Error('Too many reads are waiting for the Cloudflare API.'));
        return;
      }
      waitingReads.set(key, [{ resolve, reject }]);
      if (waitingReads.size === 1) setTimeout(readWaiting, options.moment);
    });
  }

  function readWaiting(): void {
    while (readsUnderWay < options.mostRequests && waitingReads.size > 0) {
      const batch = [...waitingReads].slice(0, options.mostKeys);
      for (const [key] of batch) waitingReads.delete(key);
      readsUnderWay += 1;
      options
        .ask(batch.map(([key]) => key))
        .then(
          (values) => {
            for (const [key, waiting] of batch) for (const { resolve } of waiting) resolve(values.get(key));
          },
          (error: unknown) => {
            for (const [, waiting] of batch) for (const { reject } of waiting) reject(error);
          },
        )
        .finally(() => {
          readsUnderWay -= 1;
          readWaiting();
        });
    }
  }

  return { read };
}
