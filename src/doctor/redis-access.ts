/** How doctor reaches Redis: only where the environment alone says where it is. */
import type { PayloadKVError } from '../errors.js';
import type { StoreReading } from '../inspect/wrapper/stores.js';
import type { Store } from '../interfaces/store.js';
import { type CheckResult, fail, warn } from './check.js';

/** What is wrong with an address that is no better known. */
export const CHECK_PRIMARY = 'Check that REDIS_URL names a primary that takes writes.';

/** Whether a store is `redis()` without options: only there it is said by the environment alone where the server is. */
export function isBareRedis({ factory, expression }: StoreReading): boolean {
  return factory === 'redis' && /^redis\(\s*\)$/.test(expression);
}

/** Looks at the Redis of REDIS_URL; a result where there is none to look at. */
export async function withRedis(look: (store: Store) => Promise<CheckResult>): Promise<CheckResult> {
  if (!process.env.REDIS_URL) {
    return warn('not checked: REDIS_URL is not set where doctor runs', {
      fix: 'Set REDIS_URL for it, as for the site, e.g. redis://127.0.0.1:6379.',
    });
  }
  const { redis } = await import('../stores/redis.js');
  let store: Store | undefined;
  try {
    store = redis();
    return await look(store);
  } catch (error) {
    const { message, nextStep } = error as Partial<PayloadKVError>;
    return fail(message ?? String(error), { fix: nextStep ?? CHECK_PRIMARY });
  } finally {
    await store?.close();
  }
}
