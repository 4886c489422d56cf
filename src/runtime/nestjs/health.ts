/** Whether a cache is well, for `@nestjs/terminus`. Its results are plain, so that it needs nothing of that. */
import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { withTimeout } from '../../platform/timeout.js';
import { findCache } from './find-cache.js';

/** What a check says, as terminus has it. */
export type CacheHealthResult<Key extends string> = Record<
  Key,
  { status: 'up' | 'degraded' | 'down'; cache: string; connected: boolean }
>;

/** How a cache is judged. */
export interface CacheHealthOptions {
  /** The name of the cache. Default `'default'`. */
  name?: string;
  /**
   * Whether the application is down without its cache. Default `false`: it answers without, so that it is `degraded`,
   * and nothing takes it out of service.
   */
  isRequired?: boolean;
  /** Longest wait in milliseconds. Default 2,000. */
  timeout?: number;
}

/** A health indicator: `health.check([() => indicator.isHealthy('cache')])`. */
export class CacheHealthIndicator {
  readonly #modules: ModuleRef;

  constructor(modules: ModuleRef) {
    this.#modules = modules;
  }

  /**
   * Asks whether the store of a cache answers.
   *
   * @throws PayloadKVError `CACHE_NOT_REGISTERED` for a name that no module has registered
   */
  async isHealthy<Key extends string>(
    key: Key,
    { name, isRequired = false, timeout = 2_000 }: CacheHealthOptions = {},
  ): Promise<CacheHealthResult<Key>> {
    const cache = findCache(this.#modules, name);
    const connected = await withTimeout((async () => cache.isConnected())(), timeout).catch(() => false);
    const status = connected ? 'up' : isRequired ? 'down' : 'degraded';
    return { [key]: { status, cache: name ?? 'default', connected } } as CacheHealthResult<Key>;
  }
}

Inject(ModuleRef)(CacheHealthIndicator, undefined, 0);
Injectable()(CacheHealthIndicator);
