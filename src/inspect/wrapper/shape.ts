/** Where in a wrapper the answers stand, as far as they are written as `init` writes them: an edit is a splice there. */

import { exportedValue } from '../exported-value.js';
import { ts } from '../typescript.js';
import {
  asObject,
  valueIn,
  type WrittenMember,
  type WrittenObject,
  type WrittenValue,
  writtenValue,
} from '../written-value.js';

/** One entry of `collections` or `globals`. */
export interface PolicyShape {
  slug: string;
  /** Line in the file, counted from 1. */
  line: number;
  /** Slice fields, as far as they are literal. */
  slices: string[];
  /** `true` for whole documents. */
  allowAuth: boolean | 'without-secrets';
}

/** An object literal of policies and its place. */
export interface PoliciesShape extends WrittenObject {
  entries: PolicyShape[];
  /** Whether it holds spreads or computed keys, so that its entries are not all known. */
  open: boolean;
}

/** The call of `payloadKV` and what is written in it; no name is followed. */
export interface WrapperShape {
  /** The store's function as called, e.g. `cloudflareKV`; absent where it is no call. */
  store?: string;
  /** `binding` of the store, if it's a literal. */
  binding?: string;
  /** The registry's function as called, e.g. `durableObjectRegistry`. */
  registry?: string;
  /** `binding` of the registry, if it's a literal. */
  tagsBinding?: string;
  /** The default TTL as typed, if it's a literal. */
  ttl?: string;
  /** Whether `cache` is a function, to be called with the Cloudflare env. */
  takesEnv: boolean;
  /** Whether the file exports `cache` by name. */
  exportsCache: boolean;
  collections?: PoliciesShape;
  globals?: PoliciesShape;
  /** All options that are given, in whichever way. */
  options: WrittenObject;
}

/**
 * The shape of a wrapper; `undefined` where nothing called `payloadKV` is given an object literal. The name alone
 * decides: whatever it is imported from, the file is the wrapper, and the edit goes where `init` would have written.
 */
export function wrapperShape(source: ts.SourceFile): WrapperShape | undefined {
  const argument = findCall(source, 'payloadKV')?.arguments[0];
  const options = argument && asObject(writtenValue(argument));
  if (!options) return undefined;
  const cache = exportedValue(source, 'cache');
  const store = partIn(options, 'store');
  const registry = partIn(options, 'registry');
  const ttl = valueIn(options, 'ttl');
  return {
    ...(store.call === undefined ? {} : { store: store.call }),
    ...(store.binding ? { binding: store.binding } : {}),
    ...(registry.call === undefined ? {} : { registry: registry.call }),
    ...(registry.binding ? { tagsBinding: registry.binding } : {}),
    ...(ttl?.kind === 'text' || ttl?.kind === 'number' ? { ttl: ttl.text } : {}),
    takesEnv:
      cache !== undefined && cache !== null && (ts.isArrowFunction(cache) || ts.isFunctionLike(cache)),
    exportsCache: cache !== undefined,
    options,
    ...policiesIn(options, 'collections', source),
    ...policiesIn(options, 'globals', source),
  };
}

/** A store or a registry that is called in place. */
function partIn(options: WrittenObject, name: 'store' | 'registry'): { call?: string; binding?: string } {
  const part = valueIn(options, name);
  if (part?.kind !== 'call') return {};
  const binding = valueIn(asObject(part.arguments[0]), 'binding');
  return { call: part.callee, ...(binding?.kind === 'text' ? { binding: binding.text } : {}) };
}

function policiesIn(options: WrittenObject, name: 'collections' | 'globals', source: ts.SourceFile) {
  const object = asObject(valueIn(options, name));
  if (!object) return {};
  const entries = object.members.flatMap((member) =>
    member.name === undefined ? [] : [policyOf(member.name, member, source)],
  );
  const open = object.members.some((member) => member.name === undefined);
  return { [name]: { ...object, entries, open } satisfies PoliciesShape };
}

function policyOf(slug: string, { start, value }: WrittenMember, source: ts.SourceFile): PolicyShape {
  const policy = asObject(value);
  const slices = valueIn(policy, 'slices');
  return {
    slug,
    line: source.getLineAndCharacterOfPosition(start).line + 1,
    slices:
      slices?.kind === 'list' ? slices.elements.flatMap((it) => (it.kind === 'text' ? [it.text] : [])) : [],
    allowAuth: allowAuthIn(valueIn(policy, 'allowAuth')),
  };
}

function allowAuthIn(value: WrittenValue | undefined): PolicyShape['allowAuth'] {
  if (value?.kind === 'text' && value.text === 'without-secrets') return value.text;
  return value?.kind === 'true';
}

function findCall(node: ts.Node, name: string): ts.CallExpression | undefined {
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === name)
    return node;
  return ts.forEachChild(node, (child) => findCall(child, name));
}
