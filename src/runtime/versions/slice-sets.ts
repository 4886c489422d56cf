import { newVersion } from '../../interfaces/registry.js';
import { hash } from '../../platform/hash.js';
import type { Policy } from '../policy/policy.js';
import type { SiteSchema } from '../query/site-schema.js';
import { collectionTag, sliceSetsTag, sliceSetTag } from '../query/tags.js';

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
 *
 * A version lives for months where it must outlive every entry, and so would the sets of processes that are long gone.
 * So each is named with the day, again by a write a week later, and left out by others a week after that: whoever was
 * left out finds its own day too old even in a version from before.
 */
export interface SliceSets {
  /** What a dependence on slices of the collection brings along. */
  guardsOf(slug: string): readonly string[];
  /** What a write to known documents of the collection replaces for those with other slices. */
  writerTag(slug: string): string;
  /** The tags that must name the sets of such a write. */
  registersOf(tags: readonly string[]): string[];
  /** The version that such a tag must be given, if the one it has does not name the set of this process, or long ago. */
  versionNaming(register: string, version: string | undefined): string | undefined;
  /**
   * Takes in versions that were read. Whether the tags are all that a result depends on: else others have written under
   * sets that were not known before, and {@link changes} counts one more.
   */
  areComplete(tags: readonly string[], versions: readonly string[]): boolean;
  /** All tags that name the sets of others. */
  registers(): string[];
  /** The sets that a query with these tags relies on: part of its key, since processes of others have other tags. */
  nameOf(tags: readonly string[]): string;
  /** How often the guards of a collection have changed. */
  changes(): number;
}

/** Sets that a version names at most: an older one that still writes is named again by its next write. */
const MOST_SETS = 5;

const DAY = 86_400_000;
/** Days after which a write names its set again. */
const NAMED_FOR = 7;
/** Days after which others leave a set out. So much later that neither clocks nor a slow registry come between. */
const REMEMBERED_FOR = 2 * NAMED_FOR;

/** A set of slices, as a version names it. */
export interface NamedSet {
  set: string;
  /** Whether a process wrote under it within the last two weeks. */
  isRecent: boolean;
}

/** The name of a set of slices. */
export function nameOfSliceSet(paths: readonly string[]): string {
  return hash(JSON.stringify([...paths].sort())).slice(0, LENGTH);
}

const LENGTH = 8;

/** The sets that a version of `posts?` names. It begins with what makes it one of its own, like any other version. */
export function namedSliceSets(version: string | undefined): NamedSet[] {
  return (version?.split('.').slice(1) ?? []).map((name) => ({
    set: name.slice(0, LENGTH),
    isRecent: ageOf(name) <= REMEMBERED_FOR,
  }));
}

const today = (): number => Math.floor(Date.now() / DAY);
const ageOf = (name: string): number => today() - Number.parseInt(name.slice(LENGTH), 36);

/** Creates what a process knows of the slices of others. */
export function createSliceSets(
  schema: SiteSchema,
  policy: Policy,
  onOthers?: (slug: string) => void,
): SliceSets {
  /** The set of this process, by the tag that must name it. */
  const own = new Map<string, { slug: string; set: string; guards: readonly string[]; isShared: boolean }>();
  let changes = 0;
  for (const slug of schema.collections.keys()) {
    const slices = policy.slicesOf(slug);
    if (slices.length === 0) continue;
    const set = nameOfSliceSet(slices.map(({ path }) => path));
    const register = sliceSetsTag(collectionTag(slug));
    own.set(register, { slug, set, guards: [register], isShared: false });
  }

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
      const names = version?.split('.').slice(1) ?? [];
      const set = own.get(register)?.set as string;
      const isOwn = (name: string): boolean => name.startsWith(set);
      if (names.some((name) => isOwn(name) && ageOf(name) <= NAMED_FOR)) return undefined;
      const others = names.filter((name) => !isOwn(name) && ageOf(name) <= REMEMBERED_FOR);
      return [newVersion(), set + today().toString(36), ...others].slice(0, 1 + MOST_SETS).join('.');
    },
    areComplete(tags, versions) {
      let complete = true;
      for (let index = 0; index < tags.length; index++) {
        const register = tags[index] as string;
        const known = own.get(register);
        if (!known) continue;
        const entity = collectionTag(known.slug);
        const others = namedSliceSets(versions[index]).filter(({ set }) => set !== known.set);
        const guards = [register, ...others.map(({ set }) => sliceSetTag(entity, set))];
        if (guards.join() !== known.guards.join()) {
          known.guards = guards;
          changes += 1;
          const isShared = others.some(({ isRecent }) => isRecent);
          if (isShared && !known.isShared) onOthers?.(known.slug);
          known.isShared = isShared;
        }
        if (!guards.every((guard) => tags.includes(guard))) complete = false;
      }
      return complete;
    },
    registers: () => [...own.keys()],
    nameOf: (tags) => tags.flatMap((tag) => own.get(tag)?.set ?? []).join(),
    changes: () => changes,
  };
}
