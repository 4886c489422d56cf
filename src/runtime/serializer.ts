import type { sealing } from './sealing.js';

/**
 * Turns results into text and back. JSON needs none: it is built in and the default.
 *
 * It is given objects, arrays, strings without lone surrogates, finite numbers, booleans and null; whatever else a
 * result holds is kept beside its output.
 */
export interface Serializer {
  /** One character that stands in front of each entry, so that no other serializer reads it. Not `j`. */
  readonly id: string;
  /** What makes entries of its output. */
  readonly sealing: typeof sealing;
  /** The value as bytes, each a character from U+0000 to U+00FF. A `RangeError` leaves the result uncached. */
  encode(value: unknown): string;
  /** The value again: a fresh copy at each call. May throw for what `encode` did not make. */
  decode(text: string): unknown;
}
