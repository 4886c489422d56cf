import { PayloadKVError } from '../../errors.js';
import type { WrapperShape } from '../../inspect/wrapper/shape.js';
import { hasMember } from '../../inspect/written-value.js';

/** Stores whose entries leave the process, as a wrapper calls them. */
export const STORES_OUTSIDE: ReadonlySet<string> = new Set([
  'cloudflareKV',
  'cloudflareKVRest',
  'keyv',
  'redis',
  'tiered',
]);

/**
 * Refuses to write a wrapper that the runtime would refuse: collections with auth in a store outside of the process,
 * without encryption.
 *
 * @throws PayloadKVError `AUTH_NOT_ENCRYPTED`
 */
export function refuseOpenAuth(shape: WrapperShape | undefined, file: string): void {
  if (!shape?.store || !STORES_OUTSIDE.has(shape.store) || hasMember(shape.options, 'encryption')) return;
  const open = shape.collections?.entries.find(({ allowAuth }) => allowAuth === true);
  if (!open) return;
  throw new PayloadKVError({
    code: 'AUTH_NOT_ENCRYPTED',
    message: `\`${open.slug}\` has auth: hashes and salts of its passwords would be kept outside of the process, in ${shape.store}().`,
    location: { file },
    nextStep: `Write \`allowAuth: 'without-secrets'\` there, leave \`${open.slug}\` out, keep entries in memory (--store memory), or add \`encryption: aesGCM()\` to the options first.`,
  });
}
