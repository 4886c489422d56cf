import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execaNode } from 'execa';
import type { PayloadKVError } from '../../errors.js';
import type { Store } from '../../stores/store.js';
import type { BindingAnswer, BindingTask } from '../binding-process.js';
import { type Check, type CheckResult, fail, ok, warn } from '../check.js';
import { ADD_DEVELOPMENT, type DoctorContext } from '../context.js';
import { bindingFix, kvStore } from '../kv-store.js';
import { restStore } from '../rest-access.js';
import { storeRoundTrip } from '../store-round-trip.js';

/** How long wrangler may take to start and answer. */
const PATIENCE = 60_000;

/** What is put into the store comes out of it again. */
export const roundTrip: Check = {
  id: 'round-trip',
  title: 'Round trip through the store',
  async run(context) {
    const { wrapper } = context;
    if (!wrapper || wrapper.calls.length === 0) return undefined;
    if (kvStore(context)) return throughBinding(context);
    if (wrapper.stores.some(({ factory }) => factory === 'memory')) {
      const { memory } = await import('../../stores/memory.js');
      const broken = await storeRoundTrip(memory());
      return broken
        ? fail(`memory: ${broken}`, { fix: 'Report this: the memory store does not work on this Node.' })
        : ok('put, get, list and delete in memory');
    }
    if (restStore(context)) {
      if (context.remote) return undefined;
      return warn("not checked: `cloudflareKVRest` is behind Cloudflare's API", {
        fix: `Run: ${context.command('payload-kv doctor --remote')}`,
      });
    }
    // Only there it is said by the environment alone where the server is.
    if (
      wrapper.stores.some(
        ({ factory, expression }) => factory === 'redis' && /^redis\(\s*\)$/.test(expression),
      )
    )
      return throughRedis();
    const [store] = wrapper.stores;
    return warn(
      store?.factory
        ? `not checked: only the site itself knows how to reach the server behind \`${store.expression}\``
        : store
          ? `not checked: doctor does not know the store \`${store.expression}\``
          : `not checked: ${wrapper.path} names no store`,
    );
  },
};

async function throughRedis(): Promise<CheckResult> {
  if (!process.env.REDIS_URL) {
    return warn('not checked: REDIS_URL is not set where doctor runs', {
      fix: 'Set REDIS_URL for it, as for the site, e.g. redis://127.0.0.1:6379.',
    });
  }
  const { redis } = await import('../../stores/redis.js');
  let store: Store | undefined;
  try {
    store = redis();
    const broken = await storeRoundTrip(store);
    return broken
      ? fail(`redis: ${broken}`, { fix: 'Check that REDIS_URL names a primary that takes writes.' })
      : ok('put, get, list and delete through the Redis of REDIS_URL');
  } catch (error) {
    const { message, nextStep } = error as Partial<PayloadKVError>;
    return fail(message ?? String(error), {
      fix: nextStep ?? 'Check that REDIS_URL names a primary that takes writes.',
    });
  } finally {
    await store?.close();
  }
}

async function throughBinding(context: DoctorContext): Promise<CheckResult> {
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
  const namespace = wrangler.kvNamespaces.find((each) => each.binding === binding);
  const task: BindingTask = {
    binding,
    configPath,
    ...(process.env.CLOUDFLARE_ENV ? { environment: process.env.CLOUDFLARE_ENV } : {}),
    // A project that was never run locally is left without local state.
    persist: existsSync(state),
    ...(installed ? { wrangler: installed.dir } : {}),
    ...(miniflare ? { miniflare: { dir: miniflare.dir, namespaceId: namespace?.id ?? binding } } : {}),
  };
  const answer = await ask(task, path.dirname(configPath));
  const through = installed ? `wrangler ${installed.version}` : `Miniflare ${miniflare!.version}`;
  if (answer.ok) return ok(`put, get, list and delete through ${binding}, locally with ${through}`);
  if (answer.step === 'binding') {
    return fail(`${through} gives no KV namespace ${binding}`, {
      details: [`it gives ${answer.message}`],
      fix: bindingFix(context, wrangler, binding),
    });
  }
  if (answer.step === 'start') {
    return fail(`${through} does not start: ${answer.message}`, {
      fix: `Correct ${wrangler.path} until wrangler can start with it: ${context.command('wrangler dev')}`,
    });
  }
  return fail(`${binding} does not work: ${answer.message}`, {
    fix: task.persist
      ? `Remove the local state in ${path.relative(project.root, state)} and run doctor again.`
      : `Update ${installed ? 'wrangler' : 'miniflare'} and run doctor again.`,
  });
}

/** In a process of its own: wrangler prints, and holds workerd. */
async function ask(task: BindingTask, cwd: string): Promise<BindingAnswer> {
  const script = fileURLToPath(new URL('../binding-process.js', import.meta.url));
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
