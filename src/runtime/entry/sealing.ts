import {
  type Envelope,
  type EnvelopeOptions,
  foreign,
  HEADER,
  NONE,
  type Opened,
  VERSION,
} from './entry-form.js';

/**
 * Makes and reads the entries of a store that are not plain JSON: base64 of bytes. Whatever needs it brings it along,
 * so that a bundler leaves it out of a site that does not.
 */
export function sealing(options: EnvelopeOptions): Pick<Envelope, 'seal' | 'open'> {
  const { serializer, compression, encryption } = options;
  const id = serializer?.id ?? 'j';
  const encryptionId = encryption?.id ?? NONE;
  /** A serializer's output has one character for each byte. */
  const encoding = serializer ? 'latin1' : 'utf8';

  function textOf(packing: string, bytes: Uint8Array): string {
    return `${VERSION}${id}${packing}${encryptionId}:${asBuffer(bytes).toString('base64')}`;
  }

  function plain(body: string): string {
    return serializer ? textOf(BASE64, Buffer.from(body, encoding)) : `${VERSION}${id}${NONE}${NONE}:${body}`;
  }

  async function sealBytes(key: string, body: string): Promise<string> {
    let bytes: Uint8Array = Buffer.from(body, encoding);
    let packing = BASE64;
    if (compression && bytes.length >= compression.threshold && bytes.length <= compression.maximumBytes) {
      const smaller = await compression.compress(bytes);
      // JSON that is not encrypted needs no base64, which costs a third.
      const cost = serializer || encryption ? 1 : 4 / 3;
      if (smaller.length * cost < bytes.length) {
        bytes = smaller;
        packing = compression.id;
      }
    }
    if (encryption) {
      const header = `${VERSION}${id}${packing}${encryptionId}:`;
      bytes = await encryption.encrypt(bytes, contextOf(header, key));
    } else if (packing === BASE64) return plain(body);
    return textOf(packing, bytes);
  }

  async function openBytes(key: string, text: string): Promise<Opened> {
    try {
      let bytes: Uint8Array | undefined = Buffer.from(text.slice(HEADER), 'base64');
      if (encryption) bytes = await encryption.decrypt(bytes, contextOf(text.slice(0, HEADER), key));
      if (!bytes) return undefined;
      if (compression && text[2] === compression.id) bytes = await compression.decompress(bytes);
      return asBuffer(bytes).toString(encoding);
    } catch {
      return null;
    }
  }

  return {
    seal(key, body) {
      // A character takes three bytes at most.
      const mayCompress = compression && 3 * body.length >= compression.threshold;
      return encryption || mayCompress ? sealBytes(key, body) : plain(body);
    },
    open(key, text) {
      // Whoever can write to the store must not get an entry accepted by leaving out its encryption.
      if (!text.startsWith(VERSION + id) || text[3] !== encryptionId || text[4] !== ':') return foreign(text);
      const packing = text[2];
      if (encryption || packing === compression?.id) {
        return packing === BASE64 || packing === compression?.id ? openBytes(key, text) : foreign(text);
      }
      if (packing !== (serializer ? BASE64 : NONE)) return foreign(text);
      const payload = text.slice(HEADER);
      return serializer ? Buffer.from(payload, 'base64').toString(encoding) : payload;
    },
  };
}

/** The third character of an entry's header, for bytes that are in base64 as they are. */
const BASE64 = 'b';

/** What is authenticated with an encrypted entry: no other header, and no other key, goes with it. */
function contextOf(header: string, key: string): Uint8Array {
  return Buffer.from(header + key);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
