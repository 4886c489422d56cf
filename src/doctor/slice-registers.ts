/** Where the registry tells under which slices there are writes, and what that says of the slices in the wrapper. */

import { versionKey } from '../interfaces/keys.js';
import { keyPrefix } from '../platform/environment.js';
import type { Field } from '../runtime/query/site-schema.js';
import { canBeSlice } from '../runtime/query/slices.js';
import { collectionTag, sliceSetsTag } from '../runtime/query/tags.js';
import { namedSliceSets, nameOfSliceSet } from '../runtime/versions/slice-sets.js';
import type { Finding } from './at-each-place.js';
import { counted } from './check.js';
import type { DoctorContext } from './context.js';
import { kvStore } from './kv-store.js';

type Known = Pick<DoctorContext, 'project' | 'wrapper'>;

/** The slices that the wrapper names for a collection. */
export interface OwnSlices {
  slug: string;
  /** Names of their sets; more than one where the wrapper has more than one policy for it. */
  sets: string[];
  /** What a store keeps the version under that tells of the sets of all. */
  key: string;
}

/** Collections with slices, as far as they are written out. */
export function ownSlices({ project, wrapper }: Known): OwnSlices[] {
  const own = new Map<string, OwnSlices>();
  if (!wrapper || wrapper.off !== undefined) return [];
  for (const { slug, type, enabled, slices } of wrapper.policies) {
    const isUnread = wrapper.unread.some(({ path }) => path === `collections.${slug}.slices`);
    if (type !== 'collection' || !enabled || isUnread) continue;
    const fields = project.schema.collections.find((collection) => collection.slug === slug)?.fields ?? [];
    // Those that the site leaves out, and warns of.
    const unusable = fields.filter(
      ({ type, relationTo, polymorphic, insideList, virtual }) =>
        insideList ||
        virtual !== false ||
        !canBeSlice({ type, relationTo: polymorphic ? relationTo : '' } as Field),
    );
    const paths = slices
      .map(({ field }) => field)
      .filter((path) => !unusable.some((field) => field.path === path));
    if (paths.length === 0) continue;
    const key = versionKey(sliceSetsTag(collectionTag(slug)));
    const sets = [...(own.get(slug)?.sets ?? []), nameOfSliceSet(paths)];
    own.set(slug, { slug, sets, key });
  }
  return [...own.values()];
}

/** What is to be read out of the KV namespace; nothing where the versions are elsewhere, or the prefix is computed. */
export function keysInKV(context: Known): { prefix: string; keys: string[] } | undefined {
  const { prefix, options } = kvStore(context)?.settings ?? {};
  const text = (prefix?.variable && process.env[prefix.variable]) || prefix?.text;
  if (context.wrapper?.registries.length !== 0 || options || (prefix && !text)) return undefined;
  return { prefix: keyPrefix(text), keys: ownSlices(context).map(({ key }) => key) };
}

/** A version as it is printed, perhaps with something said before it. */
export function printedVersion(text: string | undefined): string | undefined {
  return text && /^[\w-]{16}(\.[\w-]+)*\r?$/m.exec(text)?.[0];
}

/** What the versions tell, in the order of the collections. */
export function findingOf(
  own: readonly OwnSlices[],
  versions: readonly (string | undefined | null)[],
): Finding {
  const shared = own.filter(({ sets }, index) =>
    namedSliceSets(versions[index] ?? undefined).some(({ set, isRecent }) => isRecent && !sets.includes(set)),
  );
  if (shared.length === 0) {
    return { status: 'ok', text: `nobody writes with others, in ${counted(own.length, 'collection')}` };
  }
  const names = shared.map(({ slug }) => slug).join(', ');
  return {
    status: 'warn',
    text: `another process writes to ${names} with other slices than are named here, or did within the last two weeks: each of its writes makes stale all that depends on slices there`,
    fix: 'Give all that share the registry the same policy: each deployed version, scripts, previews. It is forgotten two weeks after the last such write.',
  };
}
