/** Runs in a process of its own: starts the project's wrangler, or Miniflare, and tries the binding. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { cloudflareKV, type KVBinding } from '../stores/cloudflare-kv.js';
import { storeRoundTrip } from './store-round-trip.js';

/** What the process is asked. */
export interface BindingTask {
  binding: string;
  /** Absolute path of the wrangler config. */
  configPath: string;
  /** Environment of the wrangler config; absent for the top level. */
  environment?: string;
  /** Whether to use the project's local state. */
  persist: boolean;
  /** What else is read, beyond the store's prefix. */
  read?: { prefix: string; keys: string[] } | undefined;
  /** Absolute directory of the project's wrangler. */
  wrangler?: string;
  /** Where there is no wrangler: Miniflare, on the state that wrangler left. */
  miniflare?: { dir: string; namespaceId: string };
}

/**
 * What it answers. `start`: nothing could be started; `binding`: there is none of that name, the message lists those
 * that there are; `round-trip`: it is there and does not work.
 */
export type BindingAnswer =
  | { ok: true; versions?: (string | undefined)[] }
  | { ok: false; step: 'start' | 'binding' | 'round-trip'; message: string };

interface Started {
  env: Record<string, unknown>;
  dispose(): Promise<void>;
}

process.once('message', (task) => {
  answer(task as BindingTask).then((result) => {
    process.send!(result, () => process.exit(0));
  });
});

async function answer(task: BindingTask): Promise<BindingAnswer> {
  let started: Started;
  try {
    started = task.wrangler ? await startWrangler(task, task.wrangler) : await startMiniflare(task);
  } catch (error) {
    return { ok: false, step: 'start', message: firstLine(error) };
  }
  const binding = started.env[task.binding] as KVBinding | undefined;
  const result: BindingAnswer =
    typeof binding?.put === 'function' && typeof binding.list === 'function'
      ? await tryBinding(binding, task)
      : { ok: false, step: 'binding', message: Object.keys(started.env).join(', ') || 'none at all' };
  await started.dispose().catch(() => undefined);
  return result;
}

async function startWrangler(task: BindingTask, dir: string): Promise<Started> {
  const { getPlatformProxy } = (await importPackage(dir)) as typeof import('wrangler');
  return getPlatformProxy({
    configPath: task.configPath,
    ...(task.environment ? { environment: task.environment } : {}),
    persist: task.persist,
    // Never the namespace of the live site.
    remoteBindings: false,
  });
}

async function startMiniflare(task: BindingTask): Promise<Started> {
  const { dir, namespaceId } = task.miniflare!;
  const { Miniflare } = (await importPackage(dir)) as typeof import('miniflare');
  const miniflare = new Miniflare({
    modules: true,
    script: 'export default {}',
    kvNamespaces: { [task.binding]: namespaceId },
    ...(task.persist ? { kvPersist: path.join(path.dirname(task.configPath), '.wrangler/state/v3/kv') } : {}),
  });
  return { env: await miniflare.getBindings(), dispose: () => miniflare.dispose() };
}

/** Through the very store that the site uses. */
async function tryBinding(binding: KVBinding, { read }: BindingTask): Promise<BindingAnswer> {
  try {
    const store = cloudflareKV({ binding, ...(read ? { prefix: read.prefix } : {}) });
    const broken = await storeRoundTrip(store);
    if (broken) return { ok: false, step: 'round-trip', message: broken };
    return { ok: true, ...(read ? { versions: await store.getMany(read.keys) } : {}) };
  } catch (error) {
    return { ok: false, step: 'round-trip', message: firstLine(error) };
  }
}

/** By its directory: the package is the project's, not a neighbour of this file. */
async function importPackage(dir: string): Promise<unknown> {
  const require = createRequire(path.join(dir, 'package.json'));
  const { main } = require('./package.json') as { main?: string };
  const module = (await import(pathToFileURL(path.join(dir, main ?? 'index.js')).href)) as {
    default?: object;
  };
  return { ...module.default, ...module };
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [first = message, second] = message
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  // A heading says nothing without what stands below it.
  return first.endsWith(':') && second !== undefined ? `${first} ${second.replace(/^-\s*/, '')}` : first;
}
