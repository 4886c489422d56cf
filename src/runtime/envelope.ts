import type { Compression } from './compression.js';
import type { Encryption } from './encryption.js';
import { ENTRY_FORMAT } from './entry.js';
import type { Serializer } from './serializer.js';

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

/** The first character of an entry. */
export const VERSION = ENTRY_FORMAT.toString(36);
/** Characters in front of an entry. */
export const HEADER = 5;
/** Stands for no compression and no encryption. */
export const NONE = '-';
/** What stands in front of an entry of any format, past ones from the fourth on and future ones. */
const ANY_HEADER = /^[0-9a-z][!-~]{3}:/;

/** Creates the envelope of one site. */
export function createEnvelope(options: EnvelopeOptions = {}): Envelope {
  const { serializer, compression, encryption } = options;
  const header = `${VERSION}${serializer?.id ?? 'j'}${NONE}${NONE}:`;
  const wrap = (body: string, stored?: string): string =>
    stored?.startsWith(header) ? stored : header + body;
  const unwrap = (text: string): Opened => (text.startsWith(header) ? text.slice(HEADER) : foreign(text));
  return {
    serializer,
    wrap,
    unwrap,
    ...((serializer ?? compression ?? encryption)?.sealing(options) ?? {
      seal: (_key, body) => header + body,
      open: (_key, text) => unwrap(text),
    }),
  };
}

/** Of another format, or no entry at all. */
export function foreign(text: string): undefined | null {
  return ANY_HEADER.test(text) ? undefined : null;
}
