/** The answers that a wrapper holds, as far as it is written as `init` writes it. */
import { readWrapper } from '../../inspect/wrapper/read-wrapper.js';
import type { WrapperShape } from '../../inspect/wrapper/shape.js';
import { hasMember } from '../../inspect/written-value.js';
import type { RegistryName, StoreName } from '../answers.js';

/** How `init` writes a store or a registry. */
export interface WrittenPart {
  /** The function that is called, e.g. `cloudflareKV`. */
  call: string;
  /** The module that it's imported from. */
  module: string;
}

/** How `init` writes each store. */
export const STORE_CALLS: Readonly<Record<StoreName, WrittenPart>> = {
  'cloudflare-kv': { call: 'cloudflareKV', module: 'payload-kv/cloudflare' },
  memory: { call: 'memory', module: 'payload-kv' },
  redis: { call: 'redis', module: 'payload-kv/redis' },
};
/** How `init` writes each registry that is not a store's own. */
export const REGISTRY_CALLS: Readonly<Partial<Record<RegistryName, WrittenPart>>> = {
  'durable-object': { call: 'durableObjectRegistry', module: 'payload-kv/cloudflare' },
  database: { call: 'databaseRegistry', module: 'payload-kv' },
  redis: { call: 'redisRegistry', module: 'payload-kv/redis' },
};

/** What a wrapper answers, as far as it is written as `init` writes it. */
export interface CurrentAnswers {
  store?: StoreName;
  registry?: RegistryName;
  binding?: string;
  ttl?: string;
  collections: string[];
  globals: string[];
  /** Options that are written in a way of somebody's own: nobody is to be asked about those. */
  own: ('store' | 'registry' | 'ttl' | 'collections' | 'globals')[];
}

/** Reads the answers out of a wrapper; `undefined` where it calls no `payloadKV`. */
export function answersIn(text: string, path: string): CurrentAnswers | undefined {
  const { shape } = readWrapper(text, path);
  return shape && answersOf(shape);
}

/** The answers of a wrapper whose shape is known. */
export function answersOf(shape: WrapperShape): CurrentAnswers {
  const named = <Name extends string>(calls: Partial<Record<Name, WrittenPart>>, call: string | undefined) =>
    (Object.keys(calls) as Name[]).find((name) => calls[name]?.call === call);
  const store = named(STORE_CALLS, shape.store);
  const registry = named(REGISTRY_CALLS, shape.registry);
  const isOwn = {
    store: hasMember(shape.options, 'store') && store === undefined,
    registry: hasMember(shape.options, 'registry') && registry === undefined,
    ttl: hasMember(shape.options, 'ttl') && shape.ttl === undefined,
    // Without the option everything is cached; spreads hold what nobody can name here.
    collections: shape.collections?.open !== false,
    globals: shape.globals?.open !== false,
  };
  const own = (Object.keys(isOwn) as (keyof typeof isOwn)[]).filter((name) => isOwn[name]);
  return {
    own,
    ...(store ? { store } : {}),
    ...(registry ? { registry } : {}),
    ...(shape.binding === undefined ? {} : { binding: shape.binding }),
    ...(shape.ttl === undefined ? {} : { ttl: shape.ttl }),
    collections: shape.collections?.entries.map(({ slug }) => slug) ?? [],
    globals: shape.globals?.entries.map(({ slug }) => slug) ?? [],
  };
}
