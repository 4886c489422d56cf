/** How doctor reaches the KV binding where it runs: in a process of its own, which is asked once for all checks. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execaNode } from 'execa';
import type { BindingAnswer, BindingTask } from './binding-process.js';
import { type CheckResult, warn } from './check.js';
import type { DoctorContext } from './context.js';
import { ADD_DEVELOPMENT } from './installed-package.js';
import { kvStore } from './kv-store.js';
import { keysInKV } from './slice-registers.js';

/** How long wrangler may take to start and answer. */
const PATIENCE = 60_000;

/** What became of a round trip through the binding, and what it holds. */
export interface LocalBinding {
  answer: BindingAnswer;
  binding: string;
  /** What gives the binding, e.g. `wrangler 4.82.2`. */
  through: string;
  /** Absolute directory of the local state, where the project has one. */
  state?: string;
}

const known = new WeakMap<DoctorContext, Promise<LocalBinding | CheckResult>>();

/** Tries the binding; a result where it cannot be tried here. */
export function localBinding(context: DoctorContext): Promise<LocalBinding | CheckResult> {
  const found = known.get(context) ?? tryBinding(context);
  known.set(context, found);
  return found;
}

async function tryBinding(context: DoctorContext): Promise<LocalBinding | CheckResult> {
  const { project, findPackage } = context;
  const { binding } = kvStore(context)!;
  const { wrangler } = project;
  if (binding === undefined) return warn("not checked: the binding's name is not written out");
  if (!wrangler) return warn('not checked: there is no wrangler config that declares the binding');

  const add = ADD_DEVELOPMENT[project.packageManager];
  const installed = findPackage('wrangler');
  const miniflare = installed ? undefined : findPackage('miniflare');
  if (!installed && !miniflare) {
    return warn('not checked: wrangler is not installed in this project', { fix: `Run: ${add} wrangler` });
  }

  const configPath = path.join(project.root, wrangler.path);
  const state = path.join(path.dirname(configPath), '.wrangler', 'state');
  const isRun = existsSync(state);
  const namespace = wrangler.kvNamespaces.find((each) => each.binding === binding);
  const task: BindingTask = {
    binding,
    configPath,
    ...(process.env.CLOUDFLARE_ENV ? { environment: process.env.CLOUDFLARE_ENV } : {}),
    // A project that was never run locally is left without local state.
    persist: isRun,
    ...(isRun ? { read: keysInKV(context) } : {}),
    ...(installed ? { wrangler: installed.dir } : {}),
    ...(miniflare ? { miniflare: { dir: miniflare.dir, namespaceId: namespace?.id ?? binding } } : {}),
  };
  return {
    answer: await ask(task, path.dirname(configPath)),
    binding,
    through: installed ? `wrangler ${installed.version}` : `Miniflare ${miniflare!.version}`,
    ...(isRun ? { state } : {}),
  };
}

/** In a process of its own: wrangler prints, and holds workerd. */
async function ask(task: BindingTask, cwd: string): Promise<BindingAnswer> {
  const script = fileURLToPath(new URL('./binding-process.js', import.meta.url));
  const result = await execaNode(script, [], {
    cwd,
    ipcInput: task as unknown as Record<string, string>,
    ipc: true,
    stdin: 'ignore',
    timeout: PATIENCE,
    reject: false,
    env: { WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG: 'error', NO_COLOR: '1' },
  });
  const [answer] = result.ipcOutput as unknown as (BindingAnswer | undefined)[];
  if (answer) return answer;
  if (result.timedOut)
    return { ok: false, step: 'start', message: `no answer within ${PATIENCE / 1000} seconds` };
  const output = [result.stderr, result.stdout, result.originalMessage].map((text) =>
    String(text ?? '').trim(),
  );
  const words = output.find(Boolean) ?? `exit code ${result.exitCode}`;
  return { ok: false, step: 'start', message: words.split('\n').slice(-1)[0]! };
}
