import { PayloadKVError } from '../errors.js';
import type { Store } from '../interfaces/store.js';

/**
 * One store over another: `near` in this process, such as `memory()`, over `far`, which all processes share. Entries
 * are written to both; a lookup asks the far one only where the near one has no fresh entry, or where versions must be
 * asked for anyway. Versions live with the far store, so that both tiers become stale together.
 *
 * @throws PayloadKVError `INVALID_STORE` if `near` does not answer synchronously
 */
export function tiered(near: Store, far: Store): Store {
  const answer = near.getMany([]);
  if (answer instanceof Promise) {
    answer.catch(() => undefined);
    throw new PayloadKVError({
      code: 'INVALID_STORE',
      message: `The near tier must be in this process, which the ${near.name} store is not.`,
      nextStep: 'Put memory() in front: tiered(memory(), far).',
    });
  }

  async function getMany(keys: readonly string[]): Promise<(string | undefined)[]> {
    const values = [...(await near.getMany(keys))];
    const absent = keys.filter((_key, index) => values[index] === undefined);
    if (absent.length === 0) return values;
    const found = await far.getMany(absent);
    let next = 0;
    return values.map((value) => (value === undefined ? found[next++] : value));
  }

  return {
    name: `${near.name} over ${far.name}`,
    near,
    far,
    minimumTtl: far.minimumTtl,
    maximumBytes: far.maximumBytes,
    timeout: far.timeout,
    paidWrites: far.paidWrites,
    get: async (key) => (await getMany([key]))[0],
    getMany,
    set(key, value, ttl, cost) {
      near.set(key, value, ttl, cost);
      return far.set(key, value, ttl, cost);
    },
    setMany(writes) {
      near.setMany(writes);
      return far.setMany(writes);
    },
    delete(key) {
      near.delete(key);
      return far.delete(key);
    },
    deleteMany(keys) {
      near.deleteMany(keys);
      return far.deleteMany(keys);
    },
    list: (prefix) => far.list(prefix),
    nameOfBinding: (is) => far.nameOfBinding?.(is),
    health: () => far.health(),
    async close() {
      await near.close();
      await far.close();
    },
    defaultRegistry: () => far.defaultRegistry(),
  };
}
