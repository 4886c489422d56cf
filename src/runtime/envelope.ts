import type { Compression } from './compression.js';
import type { Encryption } from './encryption.js';
import { type Body, ENTRY_FORMAT } from './entry.js';
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
export type Opened = Body | undefined | null;

/**
 * Puts bodies into the texts that stores hold, and takes them out. In front stand the format, the serializer, the
 * compression and the encryption, a character each, and a colon. JSON follows as it is, everything else in base64.
 */
export interface Envelope {
  /** Turns results into bytes; `undefined` for JSON. */
  readonly serializer: Serializer | undefined;
  /**
   * The text for the tier in this process: neither compressed nor encrypted, so that a hit there costs neither.
   *
   * @param stored the text the body was opened from, which is the same where that is neither either
   */
  wrap(body: Body, stored?: string): string;
  /** Opens what `wrap` made. */
  unwrap(text: string): Opened;
  /** The text for the store. Synchronous where nothing is compressed or encrypted. */
  seal(key: string, body: Body): string | Promise<string>;
  /** Opens what `seal` made for the same key. Never throws or rejects. Synchronous like `seal`. */
  open(key: string, text: string): Opened | Promise<Opened>;
}

/** Characters in front of an entry. */
const HEADER = 5;
/** What stands in front of an entry of any format, past ones from the fourth on and future ones. */
const ANY_HEADER = /^[0-9a-z][!-~]{3}:/;
const VERSION = ENTRY_FORMAT.toString(36);
const JSON_ID = 'j';
const NONE = '-';
/** Ends the header of an entry that is neither compressed nor encrypted. */
const PLAIN = `${NONE}${NONE}:`;

/** Creates the envelope of one site. */
export function createEnvelope(options: EnvelopeOptions = {}): Envelope {
  const { serializer, compression, encryption } = options;

  function wrap(body: Body, stored?: string): string {
    if (stored?.startsWith(PLAIN, 2)) return stored;
    return typeof body === 'string'
      ? `${VERSION}${JSON_ID}${PLAIN}${body}`
      : `${VERSION}${serializer?.id}${PLAIN}${toBase64(body)}`;
  }

  /** JSON is always known, so that a change to another serializer leaves the entries that are there. */
  function isKnown(text: string): boolean {
    return (
      text[0] === VERSION && (text[1] === JSON_ID || (serializer !== undefined && text[1] === serializer.id))
    );
  }

  function unwrap(text: string): Opened {
    if (!isKnown(text) || !text.startsWith(PLAIN, 2)) return foreign(text);
    const payload = text.slice(HEADER);
    return text[1] === JSON_ID ? payload : fromBase64(payload);
  }

  async function sealBytes(key: string, body: Body): Promise<string> {
    let bytes = typeof body === 'string' ? Buffer.from(body) : body;
    let compressed = NONE;
    if (compression && bytes.length >= compression.threshold && bytes.length <= compression.maximumBytes) {
      const smaller = await compression.compress(bytes);
      // JSON that is not encrypted needs no base64, which costs a third.
      const cost = typeof body === 'string' && !encryption ? 4 / 3 : 1;
      if (smaller.length * cost < bytes.length) {
        bytes = smaller;
        compressed = compression.id;
      }
    }
    if (compressed === NONE && !encryption) return wrap(body);
    const header = `${VERSION}${typeof body === 'string' ? JSON_ID : serializer?.id}${compressed}${encryption?.id ?? NONE}:`;
    if (encryption) bytes = await encryption.encrypt(bytes, contextOf(header, key));
    return header + toBase64(bytes);
  }

  async function openBytes(key: string, text: string): Promise<Opened> {
    try {
      let bytes: Uint8Array | undefined = fromBase64(text.slice(HEADER));
      if (encryption) bytes = await encryption.decrypt(bytes, contextOf(text.slice(0, HEADER), key));
      if (!bytes) return undefined;
      if (compression && text[2] === compression.id) bytes = await compression.decompress(bytes);
      return text[1] === JSON_ID ? asBuffer(bytes).toString() : bytes;
    } catch {
      return null;
    }
  }

  return {
    serializer,
    wrap,
    unwrap,
    seal(key, body) {
      // A character takes three bytes at most.
      const mostBytes = typeof body === 'string' ? 3 * body.length : body.length;
      const mayCompress = compression && mostBytes >= compression.threshold;
      return encryption || mayCompress ? sealBytes(key, body) : wrap(body);
    },
    open(key, text) {
      // Whoever can write to the store must not get an entry accepted by leaving out its encryption.
      if (!isKnown(text) || text[3] !== (encryption?.id ?? NONE) || text[4] !== ':') return foreign(text);
      if (text[2] !== NONE && text[2] !== compression?.id) return foreign(text);
      return encryption || text[2] !== NONE ? openBytes(key, text) : unwrap(text);
    },
  };
}

/** Of another format, or no entry at all. */
function foreign(text: string): undefined | null {
  return ANY_HEADER.test(text) ? undefined : null;
}

/** What is authenticated with an encrypted entry: no other header, and no other key, goes with it. */
function contextOf(header: string, key: string): Uint8Array {
  return Buffer.from(header + key);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function toBase64(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('base64');
}

function fromBase64(text: string): Uint8Array {
  return Buffer.from(text, 'base64');
}
