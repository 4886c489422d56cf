import * as crypto from 'node:crypto';

/** SHA-256 in 43 characters. Cryptographic, because a visitor who could make two queries collide could read another's. */
export function hash(text: string): string {
  // In one call where the platform has that: Node from 20.12 on.
  return typeof crypto.hash === 'function'
    ? crypto.hash('sha256', text, 'base64url')
    : crypto.createHash('sha256').update(text).digest('base64url');
}
