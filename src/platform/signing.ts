/** Signatures of texts that come over a network, by a key that comes of a secret both sides have. */
import { leastRecentlyUsed } from './least-recently-used.js';
import { shared } from './shared.js';

/** How old what is signed may be, and how far clocks may be apart, in milliseconds. */
const LONGEST_AGE = 60_000;
/** Numbers that are remembered: more requests than that within a minute are not made by one site. */
const MOST_REMEMBERED = 50_000;

type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** Signs and verifies. */
export interface Signing {
  sign(secret: string, text: string): Promise<string>;
  /** Whether the signature is of this text. Takes the same time whatever differs. */
  isSigned(secret: string, text: string, signature: string): Promise<boolean>;
}

/** For one purpose alone: a signature says nothing of the secret, and serves for nothing else. */
export function createSigning(purpose: string): Signing {
  async function keyOf(secret: string): Promise<Key> {
    const from = (bytes: Uint8Array<ArrayBuffer> | ArrayBuffer): Promise<Key> =>
      crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
    const key = await from(new TextEncoder().encode(secret));
    return from(await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(purpose)));
  }

  return {
    async sign(secret, text) {
      const signature = await crypto.subtle.sign('HMAC', await keyOf(secret), new TextEncoder().encode(text));
      return Buffer.from(signature).toString('base64url');
    },
    async isSigned(secret, text, signature) {
      return crypto.subtle.verify(
        'HMAC',
        await keyOf(secret),
        Buffer.from(signature, 'base64url'),
        new TextEncoder().encode(text),
      );
    },
  };
}

/** A number to be used once: 128 random bits. */
export function newOnce(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url');
}

/**
 * Remembers what was signed, so that nothing is taken twice. For all copies of this module in the process.
 *
 * @returns tells whether something is of the last minute and was not taken before; from then on it was
 */
export function createOnce(name: string): (time: number, once: string, now: number) => boolean {
  const used = shared(name, () => leastRecentlyUsed<string, number>(MOST_REMEMBERED));
  return (time, once, now) => {
    if (!(Math.abs(now - time) <= LONGEST_AGE) || used.get(once) !== undefined) return false;
    used.set(once, time);
    return true;
  };
}
