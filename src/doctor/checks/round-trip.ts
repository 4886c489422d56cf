import path from 'node:path';
import type { Store } from '../../interfaces/store.js';
import { type Check, type CheckResult, fail, ok, warn } from '../check.js';
import type { DoctorContext } from '../context.js';
import { bindingFix, kvStore } from '../kv-store.js';
import { localBinding } from '../local-binding.js';
import { CHECK_PRIMARY, isBareRedis, withRedis } from '../redis-access.js';
import { restStore } from '../rest-access.js';
import { storeRoundTrip } from '../store-round-trip.js';

/** What is put into the store comes out of it again. */
export const roundTrip: Check = {
  id: 'round-trip',
  title: 'Round trip through the store',
  reaches: true,
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
    if (wrapper.stores.some(isBareRedis)) return withRedis(throughRedis);
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

async function throughRedis(store: Store): Promise<CheckResult> {
  const broken = await storeRoundTrip(store);
  return broken
    ? fail(`redis: ${broken}`, { fix: CHECK_PRIMARY })
    : ok('put, get, list and delete through the Redis of REDIS_URL');
}

async function throughBinding(context: DoctorContext): Promise<CheckResult> {
  const local = await localBinding(context);
  if ('status' in local) return local;
  const { answer, binding, through, state } = local;
  const { root, wrangler } = context.project;
  if (answer.ok) return ok(`put, get, list and delete through ${binding}, locally with ${through}`);
  if (answer.step === 'binding') {
    return fail(`${through} gives no KV namespace ${binding}`, {
      details: [`it gives ${answer.message}`],
      fix: bindingFix(context, wrangler!, binding),
    });
  }
  if (answer.step === 'start') {
    return fail(`${through} does not start: ${answer.message}`, {
      fix: `Correct ${wrangler!.path} until wrangler can start with it: ${context.command('wrangler dev')}`,
    });
  }
  return fail(`${binding} does not work: ${answer.message}`, {
    fix: state
      ? `Remove the local state in ${path.relative(root, state)} and run doctor again.`
      : `Update ${through.split(' ')[0]!.toLowerCase()} and run doctor again.`,
  });
}
