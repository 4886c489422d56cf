/** What an application says of its caches. */
import type {
  InjectionToken,
  ModuleMetadata,
  OptionalFactoryDependency,
  Provider,
  Type,
} from '@nestjs/common';
import type { Payload } from 'payload';
import type { NamespaceOptions } from '../functions/namespace.js';
import type { CreateCacheOptions, StandaloneCache } from '../standalone/standalone-cache.js';

/**
 * What a cache is: one of its own, made by `createCache` of these options and closed with the application; that of a
 * Payload instance; or one that is there already, and stays.
 */
export type CacheSource =
  | (CreateCacheOptions & { payload?: undefined; cache?: undefined })
  | { payload: Payload | Promise<Payload> | (() => Payload | Promise<Payload>); cache?: undefined }
  | { cache: StandaloneCache; payload?: undefined };

interface Named {
  /** What it is injected by. Default `'default'`. */
  name?: string;
  /** Whether modules get it that do not import the module: of a list, all of them. Default `false`. */
  isGlobal?: boolean;
}

/** One cache of `PayloadKVModule.forRoot`. */
export type PayloadKVModuleOptions = Named & CacheSource;

/** A provider that says what a cache is. */
export interface CacheSourceFactory {
  /** Says what the cache is; asked once, when the application starts. */
  createCacheOptions(): CacheSource | Promise<CacheSource>;
}

/** One cache of `PayloadKVModule.forRootAsync`: by `useFactory`, `useClass` or `useExisting`. */
export interface PayloadKVModuleAsyncOptions extends Named, Pick<ModuleMetadata, 'imports'> {
  /** A function that says what the cache is, given what `inject` names. */
  useFactory?: (...args: any[]) => CacheSource | Promise<CacheSource>;
  /** What the factory is given, in the order of its parameters. Default nothing. */
  inject?: (InjectionToken | OptionalFactoryDependency)[];
  /** A class that says what the cache is; the module makes one of it. */
  useClass?: Type<CacheSourceFactory>;
  /** A provider of the imported modules that says what the cache is. */
  useExisting?: InjectionToken<CacheSourceFactory>;
  /** Providers that the factory needs. */
  extraProviders?: Provider[];
}

/** A namespace of `PayloadKVModule.forFeature`. */
export interface FeatureOptions extends Omit<NamespaceOptions, 'payload' | 'cache'> {
  /** The name of its cache, which is to be global. Default `'default'`. */
  cache?: string;
}
