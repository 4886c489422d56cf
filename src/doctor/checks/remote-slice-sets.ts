import { atEachPlace, type Finding } from '../at-each-place.js';
import type { Check } from '../check.js';
import { namespaceInUse } from '../deployed-namespace.js';
import { findingOf, keysInKV, ownSlices, printedVersion } from '../slice-registers.js';

/** Nobody writes to the deployed namespace with other slices than the wrapper names. */
export const remoteSliceSets: Check = {
  id: 'remote-slice-sets',
  title: 'Slices of others on the deployed namespace',
  run(context) {
    const own = ownSlices(context);
    if (own.length === 0 || context.wrapper?.registries.length !== 0) return undefined;
    const looks = new Map<string, Promise<Finding>>();
    return atEachPlace(context, 'kv', 'warn', async (place, namespaces, target) => {
      const id = await namespaceInUse(place, namespaces, target);
      if (typeof id !== 'string') return id;
      // Environments may share it.
      const found = looks.get(id) ?? look(id);
      looks.set(id, found);
      return found;

      async function look(namespace: string): Promise<Finding> {
        const wanted = keysInKV(context);
        if (!wanted)
          return { status: 'warn', text: 'not checked: the prefix of the keys is not written out' };
        const versions: (string | undefined)[] = [];
        // One after the other: each is a process.
        for (const key of wanted.keys) {
          const text = await target.remote.get(place.env, namespace, wanted.prefix + key);
          versions.push(printedVersion(text));
        }
        return findingOf(own, versions);
      }
    });
  },
};
