import { PayloadKVError } from '../../errors.js';
import { leavesProcess } from '../../interfaces/store.js';
import type { CollectionPolicy, PayloadKVOptions } from './options.js';

/**
 * Refuses what would put secrets where others can read them: an entry of a collection with `auth` holds all that its
 * documents do, hashes and salts of passwords, reset tokens, API keys and sessions included.
 *
 * @throws PayloadKVError `AUTH_NOT_ENCRYPTED`, naming the collection
 */
export function checkStoredSecrets({ store, encryption, collections }: PayloadKVOptions): void {
  if (encryption || !leavesProcess(store)) return;
  for (const [slug, policy] of Object.entries(collections ?? {}) as [
    string,
    CollectionPolicy | undefined,
  ][]) {
    if (policy?.allowAuth !== true || policy.enabled === false) continue;
    throw new PayloadKVError({
      code: 'AUTH_NOT_ENCRYPTED',
      message: `collections.${slug}.allowAuth would put hashes and salts of passwords as they are into the ${store.name} store, which is outside of this process.`,
      nextStep: `Add "encryption: aesGCM()" to the options of payloadKV(), set allowAuth to "without-secrets", or keep entries in this process with memory().`,
    });
  }
}
