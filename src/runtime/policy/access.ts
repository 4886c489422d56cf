/** What a process may do with the cache. */
import { PayloadKVError } from '../../errors.js';

/**
 * What something is allowed for: everything, nothing, or what is listed. A list that is left out allows nothing of its
 * kind.
 */
export type AccessScope =
  | boolean
  | {
      /** Namespaces of functions and values; `''` for functions of none, `http responses`, `next pages`. */
      namespaces?: readonly string[];
      collections?: readonly string[];
      globals?: readonly string[];
    };

/** What this process may do with the cache. */
export interface AccessOptions {
  /** What may be answered from the cache; anything else is asked of the database, or run. Default `true`. */
  read?: AccessScope;
  /** What may be stored. Default `true`. */
  write?: AccessScope;
  /** What may be made stale by hand. Default `true`. */
  purge?: AccessScope;
}

/** Whether this process may do something with what belongs to a collection, a global or a namespace. */
export function mayAccess(
  { access }: { access?: AccessOptions | undefined },
  action: keyof AccessOptions,
  type: 'collection' | 'global' | 'function',
  name: string,
): boolean {
  const scope = access?.[action] ?? true;
  const list = type === 'function' ? 'namespaces' : (`${type}s` as const);
  return typeof scope === 'boolean' ? scope : Boolean(scope[list]?.includes(name));
}

/** The error of what this process may not do. */
export function accessDenied(action: 'write' | 'purge', what: string): PayloadKVError {
  return new PayloadKVError({
    code: 'ACCESS_DENIED',
    message: `This process may not ${action} ${what} in the cache.`,
    nextStep: `Do it in a process that may, or add it to access.${action} in the options.`,
  });
}
