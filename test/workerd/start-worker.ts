import { connect } from 'node:net';
import { Miniflare } from 'miniflare';
import { expect } from 'vitest';
import { workerBundle } from '../support/worker-bundle.js';

/** A request of the worker to its made-up database, which waits for the test. */
export interface Held {
  /** Resolves when the worker has asked. */
  reached: Promise<void>;
  /** Lets the answer go. */
  release(): void;
}

/** The worker in a real workerd. */
export interface RunningWorker {
  miniflare: Miniflare;
  /** What the database holds, by id. */
  rows: Map<string, string>;
  /** All that the worker asked of its database, in order. */
  asked: string[];
  /** Holds the next request for this, such as `read?id=a`; later ones are answered at once. */
  hold(what: string): Held;
  /** Asks the worker like a client that waits for the answer. */
  ask(page: string): Promise<unknown>;
  /**
   * Asks the worker like a client that goes away: `leave` resets its connection, and resolves when the worker has been
   * told.
   */
  askAndLeave(page: string): Promise<{ leave(): Promise<void> }>;
  stop(): Promise<void>;
}

/** Bundles `worker.ts` as a user's bundler would, and starts it. */
export async function startWorker(): Promise<RunningWorker> {
  const script = await workerBundle({
    entryPoints: ['test/workerd/worker.ts'],
  });
  const rows = new Map<string, string>();
  const asked: string[] = [];
  const waiting = new Map<string, { arrive(): void; released: Promise<void> }[]>();
  const releases: (() => void)[] = [];

  async function answer(request: { url: string }): Promise<unknown> {
    const { pathname, search, searchParams } = new URL(request.url);
    const what = `${pathname.slice(1)}${search}`;
    asked.push(what);
    const next = waiting.get(what)?.shift();
    next?.arrive();
    await next?.released;
    const id = searchParams.get('id') ?? '';
    if (pathname === '/write') rows.set(id, `${rows.get(id) ?? ''}+`);
    return { id, text: rows.get(id) ?? null };
  }

  const miniflare = new Miniflare({
    modules: true,
    script,
    compatibilityDate: '2026-04-01',
    compatibilityFlags: ['nodejs_compat', 'enable_request_signal'],
    kvNamespaces: ['PAYLOAD_CACHE'],
    serviceBindings: {
      DATABASE: async (request: { url: string }) =>
        new Response(JSON.stringify(await answer(request))) as never,
    },
  });
  const address = await miniflare.ready;

  async function ask(page: string): Promise<unknown> {
    const response = await fetch(new URL(page, address));
    if (!response.ok) throw new Error(`${page}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  return {
    miniflare,
    rows,
    asked,
    hold(what) {
      let arrive: () => void = () => undefined;
      let release: () => void = () => undefined;
      const reached = new Promise<void>((resolve) => {
        arrive = resolve;
      });
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      waiting.set(what, [...(waiting.get(what) ?? []), { arrive, released }]);
      releases.push(release);
      return { reached, release };
    },
    ask,
    async askAndLeave(page) {
      const socket = connect(Number(address.port), address.hostname);
      socket.on('error', () => undefined);
      await new Promise<void>((resolve) => socket.once('connect', resolve));
      socket.write(`GET ${page} HTTP/1.1\r\nHost: worker.test\r\n\r\n`);
      return {
        async leave() {
          socket.resetAndDestroy();
          await until(async () => ((await ask('/departed')) as string[]).includes(page));
        },
      };
    },
    async stop() {
      for (const release of releases) release();
      await miniflare.dispose();
    },
  };
}

/** Asks again and again until the answer is yes. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(isSo, { interval: 20, timeout: 20_000 }).toBe(true);
}
