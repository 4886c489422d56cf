/**
 * Entries wait here for their turn to be written: so many at once, and no more waiting than memory allows. An entry
 * that is dropped is a miss more, nothing else.
 */
export interface WriteQueue {
  /**
   * Runs a write now or later.
   *
   * @param size what it holds in memory meanwhile, in characters
   * @param drop called instead where there is no room for it
   * @returns what the write, or `drop`, has returned
   */
  run<Value>(write: () => Value | Promise<Value>, size: number, drop: () => Value): Value | Promise<Value>;
}

/** Most characters that wait, in all. */
const MOST_WAITING = 32 * 1024 * 1024;

/** Creates the queue of one site, for `concurrency` writes at a time. */
export function createWriteQueue(concurrency: number): WriteQueue {
  const waiting = new Set<() => void>();
  let running = 0;
  let waitingSize = 0;
  let isBeginning = false;

  function turn<Value>(write: () => Value | Promise<Value>): Value | Promise<Value> {
    running += 1;
    let isUnderWay = false;
    try {
      const writing = write();
      if (!(writing instanceof Promise)) return writing;
      isUnderWay = true;
      return writing.finally(ended);
    } finally {
      if (!isUnderWay) ended();
    }
  }

  function ended(): void {
    running -= 1;
    // One that is done at once ends in here: each would begin the next one from within, however many there are.
    if (isBeginning) return;
    isBeginning = true;
    for (const begin of waiting) {
      if (running >= concurrency) break;
      waiting.delete(begin);
      begin();
    }
    isBeginning = false;
  }

  return {
    run(write, size, drop) {
      if (running < concurrency) return turn(write);
      if (waitingSize + size > MOST_WAITING) return drop();
      waitingSize += size;
      return new Promise((resolve, reject) => {
        waiting.add(() => {
          waitingSize -= size;
          try {
            resolve(turn(write));
          } catch (error) {
            reject(error);
          }
        });
      });
    },
  };
}
