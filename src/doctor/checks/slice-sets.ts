import { resultOf } from '../at-each-place.js';
import { type Check, ok, warn } from '../check.js';
import { kvStore } from '../kv-store.js';
import { localBinding } from '../local-binding.js';
import { isBareRedis, withRedis } from '../redis-access.js';
import { restStore } from '../rest-access.js';
import { findingOf, keysInKV, ownSlices } from '../slice-registers.js';

/** Nobody writes with other slices to what this process shares with others, as far as that is seen from here. */
export const sliceSets: Check = {
  id: 'slice-sets',
  title: 'Slices of other processes',
  reaches: true,
  async run(context) {
    const { wrapper } = context;
    const own = ownSlices(context);
    if (!wrapper || own.length === 0) return undefined;
    const saidOf = (versions: readonly (string | undefined)[]) =>
      resultOf([{ ...findingOf(own, versions), where: 'here' }]);
    const [registry] = wrapper.registries;
    if (registry) return registry.factory === 'memoryRegistry' ? undefined : leftToSite(registry.expression);
    if (kvStore(context)) {
      const local = await localBinding(context);
      if ('status' in local) return local;
      if (!local.answer.ok) return warn('not checked: the binding does not work, see above');
      if (!keysInKV(context)) return warn('not checked: the prefix of the keys is not written out');
      return local.state ? saidOf(local.answer.versions ?? []) : ok('nothing is stored locally yet');
    }
    // In this process alone, or asked with `--remote`.
    if (wrapper.stores.some(({ factory }) => factory === 'memory') || restStore(context)) return undefined;
    if (!wrapper.stores.some(isBareRedis)) return leftToSite(wrapper.stores[0]?.expression ?? 'its store');
    return withRedis(async (store) => saidOf(await store.getMany(own.map(({ key }) => key))));
  },
};

/** Nothing is wrong with that: a warning that nobody could act upon. */
const leftToSite = (expression: string) =>
  ok(
    `only the site itself reads \`${expression}\`: it tells in its log where others write with other slices`,
  );
