import type { Config, DatabaseAdapter, Plugin } from 'payload';
import { PayloadKVError } from '../errors.js';
import { isObject } from '../platform/is-object.js';
import { checkOptions } from './policy/check-options.js';
import { withEnvironment } from './policy/environment.js';
import type { GeneratedTypes, PayloadKVOptions } from './policy/options.js';
import { checkStoredSecrets } from './policy/stored-secrets.js';
import { attach, CUSTOM, type Setup } from './site.js';

/**
 * The Payload plugin: wraps the database adapter, so that reads of the whole site are answered from the store where
 * they can be, and a write makes stale what depends on it.
 *
 * Environment variables win over options; see docs/environment.md.
 *
 * @throws PayloadKVError `INVALID_STORE`, `INVALID_POLICY`, `INVALID_DURATION`, `INVALID_ENVIRONMENT`,
 *   `CONSISTENCY_NOT_AVAILABLE` or `AUTH_NOT_ENCRYPTED`, naming the option or variable
 */
export function payloadKV<Types extends GeneratedTypes = GeneratedTypes>(
  options: PayloadKVOptions<Types>,
): Plugin {
  const { options: general, answers } = withEnvironment(options as PayloadKVOptions);
  const isOff = general.enabled === false;
  if (!isObject(general.store) || typeof general.store.getMany !== 'function') {
    if (isOff) return (config) => config;
    throw new PayloadKVError({
      code: 'INVALID_STORE',
      message: 'payloadKV() needs a store, e.g. { store: memory() }.',
      nextStep: 'Give it memory() or cloudflareKV({ binding: "PAYLOAD_CACHE" }).',
    });
  }
  const registry = general.registry ?? general.store.defaultRegistry();
  // Nobody else has versions that are in this process. Others go on to be told of writes.
  if (isOff && registry.local) return (config) => config;
  checkOptions(general, registry);
  if (!isOff) checkStoredSecrets(general);
  const setup: Setup = { options: general, registry, answers: answers && !isOff };

  return (config: Config): Config => {
    const { db } = config;
    if (!db || typeof db.init !== 'function' || config.custom?.[CUSTOM]) return config;
    const registered = registry.configure?.(config) ?? config;
    const observed = (!isOff && general.observe?.configure?.(registered)) || registered;
    const configured = (!isOff && general.pages?.configure?.(observed)) || observed;
    return {
      ...configured,
      custom: { ...configured.custom, [CUSTOM]: setup },
      db: {
        ...db,
        init: (args) => attach(db.init(args) as DatabaseAdapter, args.payload, setup),
      },
    };
  };
}
