/** What caches and namespaces are injected by. */
import { Inject } from '@nestjs/common';

/** The name of a cache where none is said. */
export const DEFAULT_CACHE = 'default';

/** The token of a cache. Nest's errors show it, so it says where such a cache comes from. */
export function getCacheToken(name: string = DEFAULT_CACHE): string {
  const given = name === DEFAULT_CACHE ? '' : `{ name: '${name}' }`;
  return `cache "${name}" of PayloadKVModule.forRoot(${given})`;
}

/** The token of a namespace of a cache. */
export function getNamespaceToken(namespace: string, cache: string = DEFAULT_CACHE): string {
  const given = cache === DEFAULT_CACHE ? '' : `, { cache: '${cache}' }`;
  return `namespace of PayloadKVModule.forFeature('${namespace}'${given})`;
}

/** Injects a cache of {@link PayloadKVModule}: into a parameter of a constructor, or a property. */
export const InjectCache = (name?: string): PropertyDecorator & ParameterDecorator =>
  Inject(getCacheToken(name));

/** Injects a namespace that `PayloadKVModule.forFeature` names. */
export const InjectNamespace = (namespace: string, cache?: string): PropertyDecorator & ParameterDecorator =>
  Inject(getNamespaceToken(namespace, cache));
