/** The form of entries in a store, and what may change it. */

/** Version of the format: part of every key's scope, and in front of every entry, so that no release reads another's. */
export const ENTRY_FORMAT = 4;

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
  readonly sealing: Sealing;
  /** The value as bytes, each a character from U+0000 to U+00FF. A `RangeError` leaves the result uncached. */
  encode(value: unknown): string;
  /** The value again: a fresh copy at each call. May throw for what `encode` did not make. */
  decode(text: string): unknown;
}

/** Makes entries smaller before they are stored. */
export interface Compression {
  /** One character that stands in front of each compressed entry. Not `-` nor `b`. */
  readonly id: string;
  /** What makes entries of its output. */
  readonly sealing: Sealing;
  /** Entries of fewer bytes are stored as they are. */
  readonly threshold: number;
  /** Entries of more bytes are stored as they are, and no entry is read that would become larger. */
  readonly maximumBytes: number;
  /** The compressed bytes. */
  compress(bytes: Uint8Array): Promise<Uint8Array>;
  /** The bytes that were compressed. Rejects for anything else, and for more than `maximumBytes`. */
  decompress(bytes: Uint8Array): Promise<Uint8Array>;
}

/** Makes entries unreadable, and impossible to forge, for whoever can reach the store. */
export interface Encryption {
  /** One character that stands in front of each encrypted entry. Not `-`. */
  readonly id: string;
  /** What makes entries of its output. */
  readonly sealing: Sealing;
  /** The encrypted bytes. `context` is authenticated with them: they can be read with the same one only. */
  encrypt(bytes: Uint8Array, context: Uint8Array): Promise<Uint8Array>;
  /** The bytes that were encrypted, or `undefined` where the key is not known here. Rejects for what was changed. */
  decrypt(bytes: Uint8Array, context: Uint8Array): Promise<Uint8Array | undefined>;
}

/** How entries are written. Without any of it: JSON as it is. */
export interface EnvelopeOptions {
  serializer?: Serializer;
  compression?: Compression;
  encryption?: Encryption;
}

/**
 * What was found in a text: the body of an entry; `undefined` if the text is of a format, a serializer or a key that is
 * not known here; `null` if it is damaged.
 */
export type Opened = string | undefined | null;

/**
 * Puts bodies of entries into the texts that stores hold, and takes them out. In front stand, a character each and with
 * a colon behind: the format, the serializer, how bytes were made text, and the encryption.
 */
export interface Envelope {
  /** What makes results text; `undefined` for JSON. */
  readonly serializer: Serializer | undefined;
  /**
   * The text for the tier in this process: neither compressed nor encrypted, so that a hit there costs neither.
   *
   * @param stored the text the body was opened from, which may be the very same
   */
  wrap(body: string, stored?: string): string;
  /** Opens what `wrap` made. */
  unwrap(text: string): Opened;
  /** The text for the store. Synchronous where nothing is compressed or encrypted. */
  seal(key: string, body: string): string | Promise<string>;
  /** Opens what `seal` made for the same key. Never throws or rejects. Synchronous like `seal`. */
  open(key: string, text: string): Opened | Promise<Opened>;
}

/** Makes and reads entries that are not plain JSON. */
export type Sealing = (options: EnvelopeOptions) => Pick<Envelope, 'seal' | 'open'>;

/** The first character of an entry. */
export const VERSION = ENTRY_FORMAT.toString(36);
/** Characters in front of an entry. */
export const HEADER = 5;
/** Stands for no compression and no encryption. */
export const NONE = '-';
/** What stands in front of an entry of any format, past ones from the fourth on and future ones. */
const ANY_HEADER = /^[0-9a-z][!-~]{3}:/;

/** Of another format, or no entry at all. */
export function foreign(text: string): undefined | null {
  return ANY_HEADER.test(text) ? undefined : null;
}
