/**
 * Turns results into bytes and back. JSON needs none: it is built in and the default.
 *
 * It is given objects, arrays, strings without lone surrogates, finite numbers, booleans and null; whatever else a
 * result holds is kept beside its output.
 */
export interface Serializer {
  /** One character that stands in front of each entry, so that no other serializer reads it. Not `j`, nor `-`. */
  readonly id: string;
  /** The bytes of a value. A `RangeError` leaves the result uncached. */
  encode(value: unknown): Uint8Array;
  /** The value of bytes: a fresh copy at each call. May throw for bytes that `encode` did not make. */
  decode(bytes: Uint8Array): unknown;
}
