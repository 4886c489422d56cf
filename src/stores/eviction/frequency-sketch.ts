/** How often keys were used lately, about: in a bounded number of bytes, however many keys there are. */

/** Guesses how often keys were used. It may say too much, and never too little but for what has aged. */
export interface FrequencySketch {
  /** Bytes that it takes. */
  readonly bytes: number;
  /** Counts a use of what has this hash. */
  add(hash: number): void;
  /** How often it was used, 15 at most. */
  read(hash: number): number;
}

const ROWS = 4;
const MOST = 15;
/** Counters of a row for each key: fewer, and what was used once looks as if it were popular. */
const WIDTH = 2;
/** After so many uses for each key all are halved, so that what was popular once does not stay for ever. */
const LIFE = 10;
/** Odd, so that each row scatters hashes in its own way. */
const SEEDS = [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f];

/** Creates a sketch for about so many keys: a count-min sketch of counters that age. */
export function frequencySketch(keys: number): FrequencySketch {
  const width = 2 ** Math.max(4, Math.ceil(Math.log2(WIDTH * keys)));
  const shift = 32 - Math.log2(width);
  const counters = new Uint8Array(ROWS * width);
  let added = 0;

  const placeIn = (row: number, hash: number): number =>
    row * width + (Math.imul(hash ^ (hash >>> 15), SEEDS[row] as number) >>> shift);

  function age(): void {
    for (let place = 0; place < counters.length; place++) counters[place] = (counters[place] as number) >> 1;
    added >>= 1;
  }

  function read(hash: number): number {
    let least = MOST;
    for (let row = 0; row < ROWS; row++) {
      const count = counters[placeIn(row, hash)] as number;
      if (count < least) least = count;
    }
    return least;
  }

  return {
    bytes: counters.length,
    add(hash) {
      const least = read(hash);
      if (least < MOST) {
        // No counter is raised that says more already: others share it.
        for (let row = 0; row < ROWS; row++) {
          const place = placeIn(row, hash);
          if (counters[place] === least) counters[place] = least + 1;
        }
      }
      added += 1;
      if (added >= LIFE * keys) age();
    },
    read,
  };
}

/** A hash of 32 bits: of the whole of a short text, else of its ends, where keys of entries have a hash of theirs. */
export function hashOf(key: string): number {
  const { length } = key;
  let hash = 0x811c9dc5 ^ length;
  for (let index = length > 64 ? length - 64 : 0; index < length; index++)
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
