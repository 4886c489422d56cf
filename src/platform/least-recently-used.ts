/** What is kept under keys, bounded in number: the least recently used goes first. */
export interface LeastRecentlyUsed<Key, Value> {
  readonly size: number;
  /** The value under a key, which is the most recently used from now on. */
  get(key: Key): Value | undefined;
  /** The value under a key. Counts as no use. */
  peek(key: Key): Value | undefined;
  set(key: Key, value: Value): void;
  delete(key: Key): void;
  /** Lets the least recently used go. */
  evict(): void;
  clear(): void;
  /** All that is kept now, in the order in which it came. Counts as no use. */
  entries(): [Key, Value][];
}

/** A key and its value, in a ring from the most recently used to the least. */
interface Place<Key, Value> {
  key: Key;
  value: Value;
  older: Place<Key, Value>;
  newer: Place<Key, Value>;
}

/**
 * Creates a memory of at most `max` values. `onRemoval` hears of each that is evicted or deleted, and of none that is
 * replaced or cleared.
 *
 * A ring beside the Map, rather than the order of the Map itself: to take a key out of one and put it back at each read
 * takes ten times as long.
 */
export function leastRecentlyUsed<Key, Value>(
  max: number,
  onRemoval?: (key: Key, value: Value) => void,
): LeastRecentlyUsed<Key, Value> {
  const places = new Map<Key, Place<Key, Value>>();
  /** Where the ring begins and ends: newer than it is the least recently used, older the most recently used. */
  const end = {} as Place<Key, Value>;
  end.older = end;
  end.newer = end;

  function unlink({ older, newer }: Place<Key, Value>): void {
    older.newer = newer;
    newer.older = older;
  }

  function linkAsNewest(place: Place<Key, Value>): void {
    place.older = end.older;
    place.newer = end;
    end.older.newer = place;
    end.older = place;
  }

  function remove(place: Place<Key, Value> | undefined): void {
    if (!place || place === end) return;
    unlink(place);
    places.delete(place.key);
    onRemoval?.(place.key, place.value);
  }

  return {
    get size() {
      return places.size;
    },
    get(key) {
      const place = places.get(key);
      if (place && place !== end.older) {
        unlink(place);
        linkAsNewest(place);
      }
      return place?.value;
    },
    peek: (key) => places.get(key)?.value,
    set(key, value) {
      const known = places.get(key);
      if (known) {
        known.value = value;
        unlink(known);
        linkAsNewest(known);
        return;
      }
      if (places.size >= max) remove(end.newer);
      const place = { key, value, older: end, newer: end };
      places.set(key, place);
      linkAsNewest(place);
    },
    delete: (key) => remove(places.get(key)),
    evict: () => remove(end.newer),
    clear() {
      places.clear();
      end.older = end;
      end.newer = end;
    },
    entries: () => Array.from(places.values(), ({ key, value }) => [key, value]),
  };
}
