import type { Bounds, Eviction, Kept } from './eviction.js';
import { frequencySketch, hashOf } from './frequency-sketch.js';
import { type Linked, ring } from './ring.js';

/** Share of the bytes for what is new: it has that long to be asked for again. */
const WINDOW = 0.1;
/** Share of the rest for what was asked for again since it left the window. */
const PROTECTED = 0.8;
/** Where so much of it is left by what was deleted or has expired, there is room again. */
const ROOM_AGAIN = 0.8;
/** Bytes of one entry, for the size of the sketch: smaller ones are more, and share its counters. */
const USUAL_ENTRY = 1024;

/** Beside a place in a ring: where it is, its hash, its bytes. */
const BYTES_EACH = 24;

type Segment = 'window' | 'probation' | 'protected';

interface Place<Value> extends Linked {
  key: string;
  value: Value;
  hash: number;
  bytes: number;
  segment: Segment;
}

/**
 * What is asked for often stays, what is asked for once goes: W-TinyLFU (Einziger, Friedman and Manes, 2017). For
 * `memory({ eviction: tinyLFU() })`, where robots or long lists read much that nobody asks for again.
 */
export function tinyLFU(): Eviction {
  return { name: 'tiny-lfu', keep };
}

/** One function: its methods share the three rings and the sketch. */
function keep<Value>(
  { maxEntries, maxBytes }: Bounds,
  onRemoval: (key: string, value: Value) => void,
): Kept<Value> {
  const places = new Map<string, Place<Value>>();
  const sketch = frequencySketch(Math.min(maxEntries, maxBytes / USUAL_ENTRY));
  const rings = {
    window: ring<Place<Value>>(),
    probation: ring<Place<Value>>(),
    protected: ring<Place<Value>>(),
  };
  const bytes = { window: 0, probation: 0, protected: 0 };
  const count = { window: 0, probation: 0, protected: 0 };

  function enter(place: Place<Value>, segment: Segment): void {
    place.segment = segment;
    rings[segment].add(place);
    bytes[segment] += place.bytes;
    count[segment] += 1;
  }

  function leave(place: Place<Value>): void {
    rings[place.segment].remove(place);
    bytes[place.segment] -= place.bytes;
    count[place.segment] -= 1;
  }

  function remove(place: Place<Value> | undefined): void {
    if (!place) return;
    leave(place);
    places.delete(place.key);
    onRemoval(place.key, place.value);
  }

  function use(place: Place<Value>): void {
    sketch.add(place.hash);
    const { segment } = place;
    leave(place);
    enter(place, segment === 'window' ? segment : 'protected');
    if (segment !== 'probation') return;
    // Whoever was used least of the protected has to prove itself again.
    const room = PROTECTED * (bytes.probation + bytes.protected);
    while (count.protected > 1 && bytes.protected > room) {
      const least = rings.protected.oldest() as Place<Value>;
      leave(least);
      enter(least, 'probation');
    }
  }

  /** Whether the window has more than its share, of bytes or of entries, whichever bounds. */
  const isWindowFull = (): boolean =>
    bytes.window > WINDOW * (bytes.window + bytes.probation + bytes.protected) ||
    count.window > Math.max(1, WINDOW * maxEntries);

  /** How many there were when one had to go; none while there is room for all. */
  let fullAt = 0;

  function evict(): void {
    fullAt = places.size;
    const candidate = isWindowFull() ? rings.window.oldest() : undefined;
    const victim = rings.probation.oldest() ?? rings.protected.oldest();
    if (!candidate || !victim) {
      remove(candidate ?? victim ?? rings.window.oldest());
      return;
    }
    // What leaves the window stays only where it is asked for more often than what would make room for it.
    if (sketch.read(candidate.hash) > sketch.read(victim.hash)) {
      leave(candidate);
      enter(candidate, 'probation');
      remove(victim);
    } else remove(candidate);
  }

  return {
    get size() {
      return places.size;
    },
    bytes: sketch.bytes,
    bytesEach: BYTES_EACH,
    get(key) {
      const place = places.get(key);
      if (place) use(place);
      return place?.value;
    },
    peek: (key) => places.get(key)?.value,
    set(key, value, size) {
      const hash = hashOf(key);
      sketch.add(hash);
      const place = { key, value, hash, bytes: size } as Place<Value>;
      places.set(key, place);
      enter(place, 'window');
      // While there is room for all, none has to prove itself.
      while (fullAt === 0 && count.window > 1 && isWindowFull()) {
        const oldest = rings.window.oldest() as Place<Value>;
        leave(oldest);
        enter(oldest, 'probation');
      }
    },
    delete(key) {
      remove(places.get(key));
      if (places.size < ROOM_AGAIN * fullAt) fullAt = 0;
    },
    evict,
    entries: () => Array.from(places.values(), ({ key, value }) => [key, value]),
  };
}
