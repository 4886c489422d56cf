import { hash } from './key.js';
import type { Policy } from './policy.js';
import { newVersion } from './registry.js';
import type { SiteSchema } from './site-schema.js';
import { collectionTag, sliceSetsTag, sliceSetTag } from './tags.js';

/**
 * The slices of a collection that one process knows are its set. Processes that share a registry may have different
 * ones, while a deploy replaces another or where a script has a policy of its own, and a write replaces the tags of those
 * slices only that its process knows. So that nobody is served what such a write made stale:
 *
 * - each write of a process with slices replaces the tag of its set as well, and sees to it that the version of
 *   `posts?` names that set;
 * - each write of a process without slices replaces `posts?` itself;
 * - what depends on slices depends on `posts?` too, and on the tags of all sets that it names but the reader's own.
 *
 * Where all have the same slices, that is one tag more for a lookup and one for a write. A version of `posts?` that was
 * lost, or that two wrote at once, is mended by the next write of whoever is missing in it, and each change of it makes
 * stale what depends on slices.
 */
export interface SliceSets {
  /** What a dependence on slices of the collection brings along. */
  guardsOf(slug: string): readonly string[];
  /** What a write to known documents of the collection replaces for those with other slices. */
  writerTag(slug: string): string;
  /** The tags that must name the sets of such a write. */
  registersOf(tags: readonly string[]): string[];
  /** The version that such a tag must be given, if the one it has does not name the set of this process. */
  versionNaming(register: string, version: string | undefined): string | undefined;
  /**
   * Takes in versions that were read. Whether the tags are all that a result depends on: else others have written under
   * sets that were not known before, and {@link changes} counts one more.
   */
  areComplete(tags: readonly string[], versions: readonly string[]): boolean;
  /** The sets that a query with these tags relies on: part of its key, since processes of others have other tags. */
  nameOf(tags: readonly string[]): string;
  /** How often the guards of a collection have changed. */
  changes(): number;
}

/** Sets that a version names at most: an older one that still writes is named again by its next write. */
const MOST_SETS = 5;

/** Creates what a process knows of the slices of others. */
export function createSliceSets(
  schema: SiteSchema,
  policy: Policy,
  onOthers: (slug: string) => void = () => {},
): SliceSets {
  /** The set of this process, by the tag that must name it. */
  const own = new Map<string, { slug: string; set: string; guards: readonly string[]; isShared: boolean }>();
  let changes = 0;
  for (const slug of schema.collections.keys()) {
    const slices = policy.slicesOf(slug);
    if (slices.length === 0) continue;
    const set = hash(JSON.stringify(slices.map(({ path }) => path).sort())).slice(0, 8);
    const register = sliceSetsTag(collectionTag(slug));
    own.set(register, { slug, set, guards: [register], isShared: false });
  }

  /** Begins with what makes it one of its own, like any other version. */
  const setsIn = (version: string | undefined): string[] => version?.split('.').slice(1) ?? [];

  return {
    guardsOf: (slug) => own.get(sliceSetsTag(collectionTag(slug)))?.guards ?? [],
    writerTag(slug) {
      const entity = collectionTag(slug);
      const known = own.get(sliceSetsTag(entity));
      return known ? sliceSetTag(entity, known.set) : sliceSetsTag(entity);
    },
    registersOf: (tags) =>
      [...own].flatMap(([register, { slug, set }]) =>
        tags.includes(sliceSetTag(collectionTag(slug), set)) ? [register] : [],
      ),
    versionNaming(register, version) {
      const sets = setsIn(version);
      const set = own.get(register)?.set as string;
      if (sets.includes(set)) return undefined;
      return [newVersion(), set, ...sets].slice(0, 1 + MOST_SETS).join('.');
    },
    areComplete(tags, versions) {
      let complete = true;
      for (let index = 0; index < tags.length; index++) {
        const register = tags[index] as string;
        const known = own.get(register);
        if (!known) continue;
        const entity = collectionTag(known.slug);
        const others = setsIn(versions[index]).filter((set) => set !== known.set);
        const guards = [register, ...others.map((set) => sliceSetTag(entity, set))];
        if (guards.join() !== known.guards.join()) {
          known.guards = guards;
          changes += 1;
          if (others.length > 0 && !known.isShared) onOthers(known.slug);
          known.isShared ||= others.length > 0;
        }
        if (!guards.every((guard) => tags.includes(guard))) complete = false;
      }
      return complete;
    },
    nameOf: (tags) => tags.flatMap((tag) => own.get(tag)?.set ?? []).join(),
    changes: () => changes,
  };
}
