import type { Eviction, Kept } from './eviction.js';

/** Beside its place: how often it was used, cost, bytes, priority, its place in the heap and that in the list. */
const BYTES_EACH = 56;
/** No answer is made in less, in milliseconds: what came from another process is taken for as dear. */
const LEAST_COST = 0.05;
/** None takes longer: an entry of another process may say anything, and a clock may be set. */
const MOST_COST = 600_000;
/** Uses that count. */
const MOST_USES = 1_000;

interface Place<Value> {
  key: string;
  value: Value;
  uses: number;
  /** What one use saves for each byte that it takes. */
  worth: number;
  priority: number;
  /** Where it is in the heap. */
  at: number;
}

/**
 * What took long to make and takes little room stays: GreedyDual-Size-Frequency (Cherkasova, 1998). For
 * `memory({ eviction: byCost() })`, where some answers are made in a millisecond and others in seconds.
 */
export function byCost(): Eviction {
  return { name: 'cost', keep: (_bounds, onRemoval) => keep(onRemoval) };
}

/** One function: its methods share the heap. */
function keep<Value>(onRemoval: (key: string, value: Value) => void): Kept<Value> {
  const places = new Map<string, Place<Value>>();
  /** A heap: none has a lower priority than the one above it. */
  const heap: Place<Value>[] = [];
  /** The priority of what went last: what is not asked for is overtaken by it. */
  let inflation = 0;
  /** What was deleted last: a value that replaces another is used as often. */
  let deleted: Pick<Place<Value>, 'key' | 'uses'> | undefined;

  function put(place: Place<Value>, at: number): void {
    heap[at] = place;
    place.at = at;
  }

  function up(place: Place<Value>): void {
    let { at } = place;
    while (at > 0) {
      const above = heap[(at - 1) >> 1] as Place<Value>;
      if (above.priority <= place.priority) break;
      put(above, at);
      at = (at - 1) >> 1;
    }
    put(place, at);
  }

  function down(place: Place<Value>): void {
    let { at } = place;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      const other = below + 1;
      if (
        other < heap.length &&
        (heap[other] as Place<Value>).priority < (heap[below] as Place<Value>).priority
      )
        below = other;
      const lower = heap[below] as Place<Value>;
      if (lower.priority >= place.priority) break;
      put(lower, at);
      at = below;
    }
    put(place, at);
  }

  function remove(place: Place<Value> | undefined): void {
    if (!place) return;
    const last = heap.pop() as Place<Value>;
    if (last !== place) {
      put(last, place.at);
      up(last);
      down(last);
    }
    places.delete(place.key);
    onRemoval(place.key, place.value);
  }

  return {
    get size() {
      return places.size;
    },
    bytes: 0,
    bytesEach: BYTES_EACH,
    get(key) {
      const place = places.get(key);
      if (!place) return undefined;
      if (place.uses < MOST_USES) place.uses += 1;
      place.priority = inflation + place.uses * place.worth;
      down(place);
      return place.value;
    },
    peek: (key) => places.get(key)?.value,
    set(key, value, bytes, cost) {
      const worth = Math.min(MOST_COST, Math.max(LEAST_COST, cost || 0)) / bytes;
      const uses = deleted?.key === key ? deleted.uses : 1;
      const place = { key, value, uses, worth, priority: inflation + uses * worth, at: heap.length };
      places.set(key, place);
      heap.push(place);
      up(place);
    },
    delete(key) {
      const place = places.get(key);
      deleted = place && { key, uses: place.uses };
      remove(place);
    },
    evict() {
      const [lowest] = heap;
      if (!lowest) return;
      inflation = lowest.priority;
      remove(lowest);
    },
    entries: () => Array.from(places.values(), ({ key, value }) => [key, value]),
  };
}
