/** What Next is doing where this code runs: the same storages that its own `unstable_cache` and `revalidateTag` ask. */
import { AsyncLocalStorage } from 'node:async_hooks';

/** What is read of Next's description of its work. */
export interface WorkUnit {
  /** `request` renders for one visitor or answers a call; the others make something that Next keeps. */
  readonly type: string;
  readonly phase?: 'action' | 'render' | 'after';
  /** Tags of what is being made. */
  tags?: string[] | null;
  /** Seconds after which it is made anew. */
  revalidate?: number;
}

/** Next's modules, once they are loaded. */
export interface Work {
  /** What is being rendered or answered, if anything. */
  unit(): WorkUnit | undefined;
  /** Whether this is part of a request to Next at all. */
  isUnderway(): boolean;
  revalidateTag(tag: string, profile: { expire: number }): void;
  after(task: () => void | Promise<void>): void;
}

let loaded: Work | undefined;
let loading: Promise<void> | undefined;

/**
 * Loads Next's modules: a site that runs a script has them as well. Not by an import of this module: whoever loads them
 * before Next has set up its process would leave it without storages, so what Next sets is set first.
 */
export function loadWork(): Promise<void> {
  loading ??= load().catch(() => undefined);
  return loading;
}

/** Next's modules; `undefined` until they are loaded, and where there is no Next. */
export const work = (): Work | undefined => loaded;

async function load(): Promise<void> {
  (globalThis as { AsyncLocalStorage?: unknown }).AsyncLocalStorage ??= AsyncLocalStorage;
  try {
    const [{ revalidateTag }, { after }, { workAsyncStorage }, { workUnitAsyncStorage }] = await Promise.all([
      import('next/cache.js'),
      import('next/server.js'),
      import('next/dist/server/app-render/work-async-storage.external.js'),
      import('next/dist/server/app-render/work-unit-async-storage.external.js'),
    ]);
    loaded = {
      unit: () => workUnitAsyncStorage.getStore(),
      isUnderway: () => workAsyncStorage.getStore() !== undefined,
      revalidateTag,
      after,
    };
  } catch {
    // No Next here: nothing renders.
  }
}
