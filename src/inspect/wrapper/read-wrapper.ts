/**
 * Reads the wrapper (`payload-kv/index.ts`), which is the user's: what it says, with the names in it followed, and the
 * places at which its answers can be spliced. What is not written literally is said to be unread.
 */

import type { CollectionPolicy, PayloadKVOptions } from '../../runtime/policy/options.js';
import { ts } from '../typescript.js';
import { type Property, type UnreadPart, type WrapperNames, wrapperNames } from './names.js';
import { type PolicyReading, readPolicy, readTTLs, type TTLReading } from './policies.js';
import { type WrapperShape, wrapperShape } from './shape.js';
import { type RegistryReading, readStores, type StoreReading } from './stores.js';

/** A wrapper: what it says and where. */
export interface Wrapper {
  /** Path relative to the project's root. */
  path: string;
  /** Line of each call of `payloadKV`. */
  calls: number[];
  /** More than one where a condition chooses. */
  stores: StoreReading[];
  /** None where the store's own is used. */
  registries: RegistryReading[];
  ttls: TTLReading[];
  policies: PolicyReading[];
  /** Whether `collections` and `globals` are there: without them everything is cached. */
  named: { collections: boolean; globals: boolean };
  unread: UnreadPart[];
  /** Line of `encryption`, where entries are encrypted. */
  encryption?: number;
  /** Line of `enabled: false`, with which the whole cache is off. */
  off?: number;
  /** Names that are no options, e.g. `tll` or `collections.posts.tll`. */
  unknown: { path: string; line: number }[];
  /** Relative modules that it imports, as written. */
  relativeImports: { specifier: string; line: number }[];
  /** Where the answers stand; absent where nothing called `payloadKV` is given an object literal. */
  shape?: WrapperShape;
}

/** Every option of `payloadKV`, and of a policy: the types keep the lists complete. */
const OPTIONS = {
  enabled: true,
  store: true,
  registry: true,
  consistency: true,
  ttl: true,
  serializer: true,
  compression: true,
  encryption: true,
  operations: true,
  swr: true,
  staleIfError: true,
  negativeTtl: true,
  ttlJitter: true,
  maxEntryBytes: true,
  maxConcurrentWrites: true,
  collections: true,
  globals: true,
  hooks: true,
  schema: true,
  key: true,
  namespace: true,
  database: true,
  timeout: true,
  writeTimeout: true,
  singleFlight: true,
  waitUntil: true,
  replicaLag: true,
  pages: true,
  namespaces: true,
  access: true,
  rateLimit: true,
  audit: true,
  build: true,
  debug: true,
  observe: true,
  onEvent: true,
} satisfies Record<keyof PayloadKVOptions, true>;
const POLICY_OPTIONS = {
  ttl: true,
  operations: true,
  enabled: true,
  consistency: true,
  swr: true,
  staleIfError: true,
  negativeTtl: true,
  slices: true,
  allowAuth: true,
} satisfies Record<keyof CollectionPolicy, true>;

/** Reads the text of a wrapper. */
export function readWrapper(text: string, path: string): Wrapper {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const names = wrapperNames(source);
  const shape = wrapperShape(source);
  const wrapper: Wrapper = {
    path,
    calls: names.calls.map(names.lineOf),
    stores: [],
    registries: [],
    ttls: [],
    policies: [],
    named: { collections: false, globals: false },
    unread: names.unread,
    unknown: [],
    relativeImports: names.relativeImports,
    ...(shape ? { shape } : {}),
  };
  for (const { arguments: args } of names.calls) if (args[0]) readOptions(names, args[0], wrapper);
  return wrapper;
}

/** Adds what one call of `payloadKV` says. */
function readOptions(names: WrapperNames, node: ts.Expression, wrapper: Wrapper): void {
  const options = names.properties(node, 'options');
  noteUnknown(names, options, OPTIONS, '', wrapper);
  const enabled = options.get('enabled')?.value;
  if (enabled && names.resolve(enabled).kind === ts.SyntaxKind.FalseKeyword)
    wrapper.off = names.lineOf(enabled);
  const encryption = options.get('encryption');
  if (encryption) wrapper.encryption = names.lineOf(encryption.at);
  const store = options.get('store');
  if (store) wrapper.stores.push(...readStores(names, store.value, 'store'));
  const registry = options.get('registry');
  if (registry) wrapper.registries.push(...readStores(names, registry.value, 'registry'));
  wrapper.ttls.push(...readTTLs(names, options, ''));
  for (const type of ['collection', 'global'] as const) readPolicies(names, type, options, wrapper);
}

function readPolicies(
  names: WrapperNames,
  type: PolicyReading['type'],
  options: ReadonlyMap<string, Property>,
  wrapper: Wrapper,
): void {
  const group = `${type}s` as const;
  const policies = options.get(group);
  if (!policies) return;
  wrapper.named[group] = true;
  for (const [slug, { value, at }] of names.properties(policies.value, group)) {
    const policy = names.properties(value, `${group}.${slug}`);
    noteUnknown(names, policy, POLICY_OPTIONS, `${group}.${slug}.`, wrapper);
    wrapper.policies.push(readPolicy(names, { slug, type, at }, policy));
    wrapper.ttls.push(...readTTLs(names, policy, `${group}.${slug}.`));
  }
}

function noteUnknown(
  names: WrapperNames,
  found: ReadonlyMap<string, Property>,
  known: object,
  prefix: string,
  wrapper: Wrapper,
): void {
  for (const [name, { at }] of found) {
    if (!Object.hasOwn(known, name))
      wrapper.unknown.push({ path: `${prefix}${name}`, line: names.lineOf(at) });
  }
}
