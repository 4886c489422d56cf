import { versionKey } from '../interfaces/keys.js';
import { newVersion, type Registry, VERSION_LIFETIME } from '../interfaces/registry.js';
import type { Store } from '../interfaces/store.js';

/**
 * Tag versions in a backend of Keyv, beside the entries. Keyv can neither write only where nothing is nor promise to
 * keep anything, so an absent version means nothing: it is unknown, and who needs one writes one that never was before.
 * Where two do that at once, or where one meets a replacement, the last remains: the entries recorded under the other
 * are stale early, and none becomes fresh by it.
 *
 * @param canBeStrong whether a read brings what was acknowledged last, whichever process wrote it
 */
export function versionsInKeyv(store: Store, canBeStrong: boolean): Registry {
  let lifetime = VERSION_LIFETIME;
  const held = async (tags: readonly string[]) => store.getMany(tags.map(versionKey));
  const write = async (tags: readonly string[], versions: readonly string[]) => {
    const writes = tags.map((tag, index) => ({ key: versionKey(tag), value: versions[index] as string }));
    await store.setMany(writes.map((each) => ({ ...each, ttl: lifetime })));
  };

  return {
    name: 'keyv',
    defaultConsistency: canBeStrong ? 'strong' : 'eventual',
    canBeStrong,
    storeKey: versionKey,
    readStored: (value) => value,
    get: held,
    async create(tags) {
      const found = await held(tags);
      const missing = tags.filter((_tag, index) => found[index] === undefined);
      const own = missing.map(() => newVersion());
      await write(missing, own);
      const now = await held(missing);
      let next = -1;
      return found.map((version) => {
        if (version !== undefined) return version;
        next += 1;
        return now[next] ?? (own[next] as string);
      });
    },
    async replace(tags, context) {
      if (context?.lifetime !== undefined) lifetime = Math.ceil(context.lifetime);
      const versions = tags.map(() => context?.version ?? newVersion());
      await write(tags, versions);
      return versions;
    },
  };
}
