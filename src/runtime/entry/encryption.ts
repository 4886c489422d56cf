import type { webcrypto } from 'node:crypto';
import { PayloadKVError } from '../../errors.js';
import { processEnvironment } from '../../platform/environment.js';
import type { Encryption } from './entry-form.js';
import { sealing } from './sealing.js';

/** Options of {@link aesGCM}. */
export interface AesGCMOptions {
  /**
   * Keys, each 32 random bytes in base64, as `openssl rand -base64 32` prints them. The first encrypts, all decrypt: a
   * new key goes in front, and the old one out once the entries it encrypted have expired. Default: the environment
   * variable `PAYLOAD_KV_ENCRYPTION_KEYS`, the same separated by commas.
   */
  keys?: readonly string[];
}

const VARIABLE = 'PAYLOAD_KV_ENCRYPTION_KEYS';
/** Bytes of a key's hash that stand in front of what it encrypted. */
const ID_BYTES = 4;
/** What NIST SP 800-38D recommends for GCM, random for each entry: good for 2^32 entries of one key. */
const IV_BYTES = 12;

/**
 * Encrypts entries with AES-256-GCM, by the platform's WebCrypto. An entry is bound to its key in the store: under
 * another one it is not accepted, nor is an entry that is not encrypted.
 *
 * @throws PayloadKVError `INVALID_ENCRYPTION_KEY` if a key is not 32 bytes in base64, or there is none
 */
export function aesGCM(options: AesGCMOptions = {}): Encryption {
  const texts =
    options.keys ?? (processEnvironment()[VARIABLE] ?? '').split(',').filter((text) => text.trim() !== '');
  if (!Array.isArray(texts) || texts.length === 0) throw invalid('aesGCM() has no key.');
  // Raw keys are kept until they are imported, at first use, and nowhere but here.
  let raw: Uint8Array[] | undefined = texts.map(parseKey);
  let imported: { id: Buffer; key: webcrypto.CryptoKey }[] | undefined;

  /** Not remembered as a promise: in workerd one that another request made may never settle. */
  async function ring(): Promise<NonNullable<typeof imported>> {
    if (imported) return imported;
    const made = await Promise.all(
      (raw ?? []).map(async (bytes) => {
        const hash = await crypto.subtle.digest('SHA-256', bytes);
        const key = await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']);
        return { id: Buffer.from(hash, 0, ID_BYTES), key };
      }),
    );
    imported ??= made;
    raw = undefined;
    return imported;
  }

  return {
    id: 'a',
    sealing,
    async encrypt(bytes, context) {
      const [first] = await ring();
      if (!first) throw invalid('aesGCM() has no key.');
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
      const encrypted = await crypto.subtle.encrypt(
        { name: 'AES-GCM', iv, additionalData: context },
        first.key,
        bytes,
      );
      return Buffer.concat([first.id, iv, new Uint8Array(encrypted)]);
    },
    async decrypt(bytes, context) {
      const id = bytes.subarray(0, ID_BYTES);
      const known = (await ring()).find((one) => one.id.equals(id));
      if (!known) return undefined;
      const iv = bytes.subarray(ID_BYTES, ID_BYTES + IV_BYTES);
      const decrypted = await crypto.subtle.decrypt(
        { name: 'AES-GCM', iv, additionalData: context },
        known.key,
        bytes.subarray(ID_BYTES + IV_BYTES),
      );
      return new Uint8Array(decrypted);
    },
  };
}

/** A message never holds a key: which one it is, is said by its place. */
function parseKey(text: unknown, index: number): Uint8Array {
  // 43 characters and one of padding are 32 bytes.
  if (typeof text !== 'string' || !/^[A-Za-z0-9+/]{43}=$/.test(text.trim()))
    throw invalid(`Key ${index + 1} of aesGCM() is not 32 bytes in base64.`);
  // A copy of its own: small buffers share memory with others.
  return new Uint8Array(Buffer.from(text, 'base64'));
}

function invalid(message: string): PayloadKVError {
  return new PayloadKVError({
    code: 'INVALID_ENCRYPTION_KEY',
    message,
    nextStep: `Make one with "openssl rand -base64 32", and give it as { keys: [...] } or in ${VARIABLE}.`,
  });
}
