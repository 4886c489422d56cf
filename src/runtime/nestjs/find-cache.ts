/** Finds a cache of the application by its name. */
import type { ModuleRef } from '@nestjs/core';
import { PayloadKVError } from '../../errors.js';
import type { StandaloneCache } from '../standalone/standalone-cache.js';
import { DEFAULT_CACHE, getCacheToken } from './tokens.js';

/** @throws PayloadKVError `CACHE_NOT_REGISTERED` */
export function findCache(modules: ModuleRef, name: string = DEFAULT_CACHE): StandaloneCache {
  try {
    return modules.get<StandaloneCache>(getCacheToken(name), { strict: false });
  } catch (cause) {
    const given = name === DEFAULT_CACHE ? '' : `{ name: '${name}' }`;
    throw new PayloadKVError({
      code: 'CACHE_NOT_REGISTERED',
      message: `No module of the application has registered a cache of the name "${name}".`,
      nextStep: `Import PayloadKVModule.forRoot(${given}) in the root module.`,
      cause,
    });
  }
}
