/** Tells another server of something, over HTTP: in batches, and again where it did not take it. */
import { sleep } from './sleep.js';

/** How long things are gathered before they are told, in milliseconds: a write replaces tags in several steps. */
const GATHERING = 5;
/** Batches that are kept to be told once more. */
const MOST_FAILED = 20;
const ATTEMPTS = 4;
/** Longest wait for an answer, in milliseconds. */
const TIMEOUT = 5_000;
/** Longest pause that a server may ask for, in milliseconds. */
const LONGEST_PAUSE = 20_000;

/**
 * Creates what tells in batches of `most` at most. What comes while a batch is under way goes with the next one.
 *
 * A batch whose sender throws does not keep the others from being told. What was in it goes once more, by itself, when
 * something is told the next time; after that it is given up.
 *
 * @returns a function that tells, and rejects with the first thing that a sender has thrown
 */
export function createBatches<Context>(
  most: number,
  send: (batch: string[], context: Context) => Promise<void>,
): (all: readonly string[], context: Context) => Promise<void> {
  const waiting = new Set<string>();
  /** Of batches that have failed once, as they were: what is wrong may be one of what they hold. */
  let failed: string[][] = [];
  let sending: Promise<void> | undefined;

  async function sendAll(context: Context): Promise<void> {
    await sleep(GATHERING);
    const errors: unknown[] = [];
    const again = failed;
    failed = [];
    for (const batch of again) {
      try {
        await send(batch, context);
      } catch (error) {
        errors.push(error);
      }
    }
    while (waiting.size > 0) {
      const batch = [...waiting].slice(0, most);
      for (const one of batch) waiting.delete(one);
      try {
        await send(batch, context);
      } catch (error) {
        errors.push(error);
        if (failed.length < MOST_FAILED) failed.push(batch);
      }
    }
    // At once: what comes from here on needs a run of its own.
    sending = undefined;
    if (errors.length > 0) throw errors[0];
  }

  return (all, context) => {
    for (const one of all) waiting.add(one);
    sending ??= sendAll(context);
    return sending;
  };
}

/**
 * Sends a request until it is taken, four times at most.
 *
 * @param request makes it anew each time
 * @returns what went wrong the last time, without address, headers or body: they may hold secrets. `undefined` if it was taken
 */
export async function tell(
  request: () => Promise<{ url: URL; init: RequestInit }>,
): Promise<string | undefined> {
  let failure = '';
  let pause = 0;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    if (attempt > 1) await sleep(Math.max(pause, 200 * 4 ** (attempt - 2) * (0.5 + Math.random())));
    pause = 0;
    try {
      const { url, init } = await request();
      const response = await fetch(url, {
        ...init,
        method: 'POST',
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT),
      });
      await response.body?.cancel();
      if (response.ok) return undefined;
      failure = `it answered with status ${response.status}`;
      // Asking again changes nothing: another secret, a clock that goes wrong, no such endpoint.
      if (response.status < 500 && response.status !== 408 && response.status !== 429) return failure;
      pause = Math.min(LONGEST_PAUSE, 1000 * (Number(response.headers.get('retry-after')) || 0));
    } catch (error) {
      const { cause, name } = error as { cause?: { code?: string }; name?: string };
      failure = `it could not be reached: ${cause?.code ?? name}`;
    }
  }
  return failure;
}
