/** Subscriptions that outlive their connection. */
import type { MessageListener } from './redis-commands.js';

export interface Subscribing {
  onMessage(text: string): void;
  onLoss(): void;
}

const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 5_000;

/**
 * Keeps a subscription alive: opens it anew, after growing pauses, until it is closed.
 *
 * @returns closes it
 */
export function keepSubscribed(
  open: (onMessage: (text: string) => void, onLoss: () => void) => Promise<() => void>,
  listener: MessageListener,
): () => void {
  let isClosed = false;
  let attempts = 0;
  let end: (() => void) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function run(): Promise<void> {
    try {
      const ended = await open(
        (text) => {
          if (!isClosed) listener.message(text);
        },
        () => {
          end = undefined;
          if (isClosed) return;
          listener.lost();
          again();
        },
      );
      if (isClosed) return ended();
      end = ended;
      attempts = 0;
      listener.live();
    } catch {
      again();
    }
  }

  function again(): void {
    if (isClosed) return;
    timer = setTimeout(() => void run(), backoff(attempts++, FIRST_PAUSE, LONGEST_PAUSE));
    timer.unref?.();
  }

  void run();
  return () => {
    isClosed = true;
    clearTimeout(timer);
    end?.();
  };
}

/** A pause in milliseconds that doubles with each attempt, from half of it to all of it at random. */
export function backoff(attempt: number, first: number, longest: number): number {
  return Math.min(longest, first * 2 ** Math.min(attempt, 20)) * (0.5 + Math.random() / 2);
}
