/**
 * Comes in: what an application of NestJS says of its caches. Goes out: a module that has them injected, and closes them
 * with the application. open-cache.ts makes them, cache-interceptor.ts keeps what routes answer.
 */
import {
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { PayloadKVError } from '../../errors.js';
import type { StandaloneCache } from '../standalone/standalone-cache.js';
import { CacheHealthIndicator } from './health.js';
import { type OpenedCache, openCache } from './open-cache.js';
import type {
  CacheSource,
  CacheSourceFactory,
  FeatureOptions,
  PayloadKVModuleAsyncOptions,
  PayloadKVModuleOptions,
} from './options.js';
import { RequestCache } from './request-cache.js';
import { DEFAULT_CACHE, getCacheToken, getNamespaceToken } from './tokens.js';

/** The caches of one module. */
const OPENED = Symbol('payload-kv: opened caches');
const openedToken = (name: string): string => `payload-kv: opened ${getCacheToken(name)}`;

/**
 * Has caches injected, and closes them when the application ends: see `InjectCache`, `InjectNamespace`, `CacheRoute`,
 * `RequestCache` and `CacheHealthIndicator`.
 */
export class PayloadKVModule implements OnModuleInit, OnApplicationShutdown {
  readonly #opened: readonly OpenedCache[];
  readonly #modules: ModulesContainer;

  constructor(opened: readonly OpenedCache[], modules: ModulesContainer) {
    this.#opened = opened;
    this.#modules = modules;
  }

  /**
   * One cache, or several with a name each.
   *
   * @throws PayloadKVError `CACHE_NAME_TAKEN` for two of one name
   */
  static forRoot(options: PayloadKVModuleOptions | readonly PayloadKVModuleOptions[] = {}): DynamicModule {
    return moduleOf(
      listOf(options).map((source) => ({ ...named(source), useFactory: (): CacheSource => source })),
    );
  }

  /**
   * One cache, or several, of which other providers say what they are.
   *
   * @throws PayloadKVError `CACHE_NAME_TAKEN` for two of one name, `INVALID_CACHE_OPTIONS` for one that nobody makes
   */
  static forRootAsync(
    options: PayloadKVModuleAsyncOptions | readonly PayloadKVModuleAsyncOptions[],
  ): DynamicModule {
    return moduleOf(listOf(options));
  }

  /** A namespace of a global cache, for `InjectNamespace`. */
  static forFeature(namespace: string, options: FeatureOptions = {}): DynamicModule {
    const { cache = DEFAULT_CACHE, ...rest } = options;
    const provide = getNamespaceToken(namespace, cache);
    return {
      module: PayloadKVFeatureModule,
      providers: [
        {
          provide,
          inject: [getCacheToken(cache)],
          useFactory: (from: StandaloneCache) => from.namespace(namespace, rest),
        },
      ],
      exports: [provide],
    };
  }

  /** Refuses two caches of one name. Called by Nest. */
  onModuleInit(): void {
    for (const { name } of this.#opened) {
      const token = getCacheToken(name);
      const having = [...this.#modules.values()].filter(
        ({ metatype, providers }) => metatype === PayloadKVModule && providers.has(token),
      );
      if (having.length > 1) throw nameTaken(name);
    }
  }

  /** Closes the caches that the module made. Called by Nest. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.#opened.map(({ close }) => close()));
  }
}

/** Without caches of its own: nothing is closed with it. */
class PayloadKVFeatureModule {}

// Not written as decorators, which this package's other rooms do without.
Inject(OPENED)(PayloadKVModule, undefined, 0);
Inject(ModulesContainer)(PayloadKVModule, undefined, 1);
Module({})(PayloadKVModule);
Module({})(PayloadKVFeatureModule);

function moduleOf(sources: readonly PayloadKVModuleAsyncOptions[]): DynamicModule {
  const names = sources.map(({ name = DEFAULT_CACHE }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw nameTaken(twice);
  const tokens = names.map(getCacheToken);
  return {
    module: PayloadKVModule,
    global: sources.some(({ isGlobal }) => isGlobal === true),
    imports: sources.flatMap(({ imports = [] }) => imports),
    providers: [
      ...sources.flatMap((source, index) => providersOf(names[index] as string, source)),
      { provide: OPENED, inject: names.map(openedToken), useFactory: (...opened: OpenedCache[]) => opened },
      CacheHealthIndicator,
      RequestCache,
    ],
    exports: [...tokens, CacheHealthIndicator, RequestCache],
  };
}

function providersOf(name: string, source: PayloadKVModuleAsyncOptions): Provider[] {
  const { extraProviders = [], useFactory, inject = [], useClass, useExisting } = source;
  const provide = openedToken(name);
  const opened: Provider[] = [];
  if (useFactory) {
    opened.push({
      provide,
      inject,
      useFactory: async (...args: unknown[]) => openCache(name, await useFactory(...args)),
    });
  } else {
    const factory = useExisting ?? useClass;
    if (!factory) throw noSource(name);
    if (useClass) opened.push(useClass);
    opened.push({
      provide,
      inject: [factory],
      useFactory: async (made: CacheSourceFactory) => openCache(name, await made.createCacheOptions()),
    });
  }
  return [
    ...extraProviders,
    ...opened,
    { provide: getCacheToken(name), inject: [provide], useFactory: ({ cache }: OpenedCache) => cache },
  ];
}

function listOf<Options>(options: Options | readonly Options[]): readonly Options[] {
  return Array.isArray(options) ? options : [options as Options];
}

function named({
  name,
  isGlobal,
}: PayloadKVModuleOptions): Pick<PayloadKVModuleOptions, 'name' | 'isGlobal'> {
  return { ...(name !== undefined && { name }), ...(isGlobal !== undefined && { isGlobal }) };
}

function nameTaken(name: string): PayloadKVError {
  return new PayloadKVError({
    code: 'CACHE_NAME_TAKEN',
    message: `The application has two caches of the name "${name}".`,
    nextStep: `Give one of them another: PayloadKVModule.forRoot({ name: 'other' }).`,
  });
}

function noSource(name: string): PayloadKVError {
  return new PayloadKVError({
    code: 'INVALID_CACHE_OPTIONS',
    message: `PayloadKVModule.forRootAsync() is not told how to make the cache "${name}".`,
    nextStep: 'Give it useFactory, useClass or useExisting.',
  });
}
