import { withTimeout } from './timeout.js';

/**
 * Work that outlives a response: writing entries, trailing replacements. On Cloudflare the request's `waitUntil` keeps
 * it alive; it is looked up anew each time, because it may not be kept across requests. On Node the promises are
 * tracked, so that shutting down can wait for them.
 */
export interface Background {
  /** Runs a promise to its end without anyone waiting. Its fault goes to `onError`. */
  run(work: Promise<unknown>): void;
  /**
   * Lets work that is awaited go on to its end when its client goes away: workerd otherwise drops the request wherever
   * it is, between a write and its invalidation too.
   */
  keepAlive(work: Promise<unknown>): void;
  /** Resolves when all work known by now has ended, or after `timeout` milliseconds. */
  settled(timeout?: number): Promise<void>;
  /** How many promises have not ended. */
  pending(): number;
}

/** Keeps a promise alive beyond the response. */
export type WaitUntil = (promise: Promise<unknown>) => void;

const OPENNEXT_CONTEXT = Symbol.for('__cloudflare-context__');

/** What OpenNext offers to the code of a request on Cloudflare. */
export interface CloudflareContext {
  env?: Record<string, unknown>;
  ctx?: { waitUntil?: WaitUntil };
}

/** The Cloudflare context of the current request, where the site runs through OpenNext. */
export function cloudflareContext(): CloudflareContext | undefined {
  return (globalThis as unknown as Record<symbol, CloudflareContext | undefined>)[OPENNEXT_CONTEXT];
}

/** What keeps a promise alive beyond the current response: what a site gives, or what is found. */
export function waitUntilOf({
  waitUntil,
}: {
  waitUntil?: (() => WaitUntil | undefined) | undefined;
}): WaitUntil | undefined {
  if (waitUntil) return waitUntil();
  const ctx = cloudflareContext()?.ctx;
  return typeof ctx?.waitUntil === 'function' ? (promise) => ctx.waitUntil?.(promise) : undefined;
}

/** Whether this code runs in workerd. */
export function isWorkerd(): boolean {
  return (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent === 'Cloudflare-Workers';
}

/** Most promises tracked: in workerd one whose request is gone never ends. */
const MOST_TRACKED = 5_000;

/** Creates the tracker of background work. */
export function createBackground(
  waitUntil: () => WaitUntil | undefined,
  onError: (error: unknown) => void,
): Background {
  const running = new Set<Promise<unknown>>();

  function outlive(work: Promise<unknown>): void {
    try {
      waitUntil()?.(work);
    } catch (error) {
      // The request may have ended; the work goes on as long as the platform lets it.
      onError(error);
    }
  }

  return {
    run(work) {
      const tracked: Promise<unknown> = work.catch(onError).finally(() => running.delete(tracked));
      running.add(tracked);
      if (running.size > MOST_TRACKED) {
        const [oldest] = running;
        running.delete(oldest as Promise<unknown>);
      }
      outlive(tracked);
    },
    keepAlive(work) {
      // Its fault is for those who await it.
      outlive(work.catch(() => undefined));
    },
    async settled(timeout = 5_000) {
      // What takes longer goes on.
      await withTimeout(Promise.all(running), timeout).catch(() => undefined);
    },
    pending: () => running.size,
  };
}
