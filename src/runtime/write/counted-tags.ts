/** Tags, each with how often it was added and not yet taken out. */
export interface CountedTags {
  add(tags: Iterable<string>): void;
  /** Takes each out once; one that is not there stays away. */
  remove(tags: Iterable<string>): void;
  /** Whether one of the tags is there. */
  hasAny(tags: readonly string[]): boolean;
  isEmpty(): boolean;
}

/** Creates an empty collection of tags. */
export function createCountedTags(): CountedTags {
  const counts = new Map<string, number>();
  return {
    add(tags) {
      for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
    },
    remove(tags) {
      for (const tag of tags) {
        const count = (counts.get(tag) ?? 1) - 1;
        if (count > 0) counts.set(tag, count);
        else counts.delete(tag);
      }
    },
    hasAny: (tags) => counts.size > 0 && tags.some((tag) => counts.has(tag)),
    isEmpty: () => counts.size === 0,
  };
}
