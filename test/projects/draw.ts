/** Draws one of several. */
export type Draw = <T>(options: readonly T[]) => T;

/** Draws that follow from a number (mulberry32). */
export function drawing(seed: number): Draw {
  let state = seed | 0;
  return (options) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return options[((mixed ^ (mixed >>> 14)) >>> 0) % options.length]!;
  };
}
