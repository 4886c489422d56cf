import { type Check, ok, warn } from '../check.js';

/** No other plugin puts a cache of its own around the same database adapter. */
export const twoCaches: Check = {
  id: 'two-caches',
  title: 'Other caches',
  run({ project, command }) {
    const { otherCaches, configShape } = project;
    const [first] = otherCaches;
    if (!first) return undefined;
    if (configShape.wired.elements === 0) return ok(`only that of \`${first.packageName}\``);
    const replaceable = otherCaches.length === 1 && first.options !== undefined;
    return warn(`the cache of \`${first.packageName}\` is around the same adapter`, {
      details: [
        ...otherCaches.map(
          ({ location, packageName }) => `${location.file}:${location.line}: ${packageName}`,
        ),
        'each keeps entries that the other should see: what one makes stale, the other still has',
      ],
      fix: replaceable
        ? `Run: ${command('payload-kv init --from-plugin')}`
        : `Take it out of ${first.location.file}, with its import.`,
    });
  },
};
