/**
 * What is known of functions that are not the project's own: array and string methods, a few of the language, of Node,
 * and of Payload itself. Any other call of a package stays an external value.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ts } from 'ts-morph';
import type { Evaluator } from './evaluate.js';
import { callOfficial } from './official-plugins.js';
import {
  type ArrayValue,
  array,
  built,
  choice,
  type ExternalValue,
  type Lazy,
  nullish,
  object,
  type PrimitiveValue,
  plain,
  primitive,
  truthy,
  unresolved,
  type Value,
} from './value.js';

/** Calls a method of an array or a string; `undefined` where the method is not known. */
export function callMethod(
  evaluator: Evaluator,
  target: ArrayValue | PrimitiveValue,
  name: string,
  args: Lazy[],
  node: ts.Node,
): Value | undefined {
  return target.kind === 'array'
    ? arrayMethod(evaluator, target, name, args, node)
    : stringMethod(target, name, args, node);
}

function arrayMethod(
  evaluator: Evaluator,
  target: ArrayValue,
  name: string,
  args: Lazy[],
  node: ts.Node,
): Value | undefined {
  const callback = args[0];
  function each(item: Value, index: number): Value {
    if (!callback) return unresolved(node, 'it has no callback');
    return evaluator.call(callback(), [() => item, () => primitive(node, index), () => target], node);
  }
  /** Applies the callback to an item that may be there or not, and keeps it that way. */
  function mapped(item: Value, index: number): Value {
    if (item.kind === 'unresolved') return item;
    if (item.kind !== 'choice') return each(item, index);
    return choice(
      item.node,
      item.options.map((option) =>
        option.kind === 'primitive' && nullish(option) ? option : each(option, index),
      ),
    );
  }
  switch (name) {
    case 'map':
      return array(node, () => target.items().map(mapped));
    case 'flatMap':
      return array(node, () =>
        target.items().flatMap((item, index) => flattened(evaluator, mapped(item, index))),
      );
    case 'filter':
      return array(node, () =>
        target.items().flatMap((item, index) => {
          if (item.kind === 'unresolved') return [item];
          const kept = truthy(each(item, index));
          if (kept === true) return [item];
          if (kept === false) return [];
          return [choice(node, [primitive(node, undefined), item])];
        }),
      );
    case 'concat':
      return array(node, () => [...target.items(), ...args.flatMap((arg) => flattened(evaluator, arg()))]);
    case 'flat':
      return array(node, () => target.items().flatMap((item) => flattened(evaluator, item)));
    case 'slice': {
      const [from, to] = args.map((arg) => plain(arg()));
      return array(node, () =>
        target
          .items()
          .slice(typeof from === 'number' ? from : undefined, typeof to === 'number' ? to : undefined),
      );
    }
    case 'reverse':
    case 'toReversed':
    case 'sort':
    case 'toSorted':
      return array(node, () => target.items());
    case 'find': {
      const unsure: Value[] = [];
      for (const [index, item] of target.items().entries()) {
        const matches = truthy(each(item, index));
        if (matches === true) return choice(node, [...unsure, item]);
        if (matches === undefined) unsure.push(item);
      }
      return choice(node, [...unsure, primitive(node, undefined)]);
    }
    case 'includes': {
      const wanted = args[0]?.();
      const items = target.items();
      if (wanted?.kind !== 'primitive') return undefined;
      if (items.some((item) => item.kind === 'primitive' && item.value === wanted.value))
        return primitive(node, true);
      return items.every((item) => item.kind === 'primitive') ? primitive(node, false) : undefined;
    }
    case 'some':
    case 'every': {
      const outcomes = target.items().map((item, index) => truthy(each(item, index)));
      const decisive = name === 'some';
      if (outcomes.includes(decisive)) return primitive(node, decisive);
      return outcomes.includes(undefined) ? undefined : primitive(node, !decisive);
    }
    case 'join': {
      const separator = args[0] ? plain(args[0]()) : ',';
      const items = target.items();
      if (typeof separator !== 'string' || !items.every((item) => item.kind === 'primitive'))
        return undefined;
      return primitive(node, items.map((item) => plain(item)).join(separator));
    }
    case 'at': {
      const index = args[0] ? plain(args[0]()) : undefined;
      if (typeof index !== 'number') return undefined;
      return target.items().at(index) ?? primitive(node, undefined);
    }
    case 'reduce': {
      if (!callback || !args[1]) return undefined;
      let value = args[1]();
      for (const [index, item] of target.items().entries()) {
        const sofar = value;
        value = evaluator.call(callback(), [() => sofar, () => item, () => primitive(node, index)], node);
      }
      return value;
    }
    default:
      return undefined;
  }
}

function flattened(evaluator: Evaluator, value: Value): Value[] {
  return value.kind === 'array' || value.kind === 'choice' ? evaluator.spreadItems(asItems(value)) : [value];
}

/** A choice of arrays and single items, as a choice of arrays. */
function asItems(value: Value): Value {
  if (value.kind !== 'choice') return value;
  return choice(
    value.node,
    value.options.map((option) => (option.kind === 'array' ? option : array(option.node, () => [option]))),
  );
}

function stringMethod(target: PrimitiveValue, name: string, args: Lazy[], node: ts.Node): Value | undefined {
  if (name === 'toString') return primitive(node, String(target.value));
  if (typeof target.value !== 'string') return undefined;
  const given = args.map((arg) => plain(arg()));
  const text = target.value;
  const [first, second] = given;
  switch (name) {
    case 'toLowerCase':
      return primitive(node, text.toLowerCase());
    case 'toUpperCase':
      return primitive(node, text.toUpperCase());
    case 'trim':
      return primitive(node, text.trim());
    case 'concat':
      return primitive(node, text.concat(...given.map(String)));
    case 'slice':
      return typeof first === 'number'
        ? primitive(node, text.slice(first, typeof second === 'number' ? second : undefined))
        : undefined;
    case 'charAt':
      return typeof first === 'number' ? primitive(node, text.charAt(first)) : undefined;
    case 'startsWith':
      return typeof first === 'string' ? primitive(node, text.startsWith(first)) : undefined;
    case 'endsWith':
      return typeof first === 'string' ? primitive(node, text.endsWith(first)) : undefined;
    case 'includes':
      return typeof first === 'string' ? primitive(node, text.includes(first)) : undefined;
    case 'replace':
    case 'replaceAll':
      if (typeof first !== 'string' || typeof second !== 'string') return undefined;
      return primitive(
        node,
        name === 'replace' ? text.replace(first, second) : text.split(first).join(second),
      );
    case 'split':
      return typeof first === 'string'
        ? array(node, () => text.split(first).map((part) => primitive(node, part)))
        : undefined;
    default:
      return undefined;
  }
}

/** Calls something of a package or of the language. */
export function callExternal(
  evaluator: Evaluator,
  callee: ExternalValue,
  args: Lazy[],
  node: ts.Node,
): Value {
  const called: ExternalValue = { ...callee, node, args };
  if (callee.packageName === '') return callLanguage(evaluator, callee.name, args, node) ?? called;
  if (callee.packageName === 'path' || callee.packageName === 'node:path') {
    return callPath(callee.name, args, node) ?? called;
  }
  if (
    (callee.packageName === 'url' || callee.packageName === 'node:url') &&
    callee.name === 'fileURLToPath'
  ) {
    const url = args[0] ? plain(args[0]()) : undefined;
    return typeof url === 'string' && url.startsWith('file:') ? primitive(node, fileURLToPath(url)) : called;
  }
  if (COLLECTION_LIBRARY.test(callee.packageName)) {
    return callLibrary(evaluator, callee, args, node) ?? called;
  }
  if (/^payload(?:\/|$)/.test(callee.packageName) || callee.packageName === '@payloadcms/translations') {
    return callPayload(evaluator, callee.name, args, node) ?? called;
  }
  if (callee.packageName === '@payloadcms/plugin-seo')
    return seoField(evaluator, callee.name, args, node) ?? called;
  return callOfficial(evaluator, callee, args, node) ?? called;
}

/** Libraries of functions over objects and arrays, and of deep merges. */
const COLLECTION_LIBRARY =
  /^(?:lodash(?:-es|\..+)?|es-toolkit|remeda|radash|ramda|deepmerge(?:-ts)?|ts-deepmerge|defu)$/;

function callLibrary(
  evaluator: Evaluator,
  { packageName, name }: ExternalValue,
  args: Lazy[],
  node: ts.Node,
): Value | undefined {
  // `lodash.merge` and `deepmerge` are their default export; `_.merge` is a property of lodash's.
  const known = /^(?:default|\*)$/.test(name)
    ? packageName.replace(/^lodash\./, '')
    : name.replace(/^.*\./, '');
  switch (known) {
    case 'values':
    case 'keys':
      return callLanguage(evaluator, `Object.${known}`, args, node);
    case 'compact': {
      const value = args[0]?.();
      const truth: Lazy = () => ({ kind: 'external', node, packageName: '', name: 'Boolean' });
      return value?.kind === 'array' ? callMethod(evaluator, value, 'filter', [truth], node) : undefined;
    }
    case 'merge':
      return merged(args, node, packageName.startsWith('lodash') ? 'arrays by index' : 'arrays joined');
    case 'assign':
      return merged(args, node, 'shallow');
    case 'deepmerge':
    case 'deepmerge-ts':
      return merged(packageName === 'deepmerge' ? args.slice(0, 2) : args, node, 'arrays joined');
    case 'mergeDeepRight':
    case 'mergeDeep':
      return merged(args, node, 'arrays replaced');
    case 'defu':
      return merged([...args].reverse(), node, 'arrays joined');
    default:
      return undefined;
  }
}

function callLanguage(evaluator: Evaluator, name: string, args: Lazy[], node: ts.Node): Value | undefined {
  const first = args[0];
  switch (name) {
    case 'process.cwd':
      return primitive(node, evaluator.files.root);
    case 'Boolean': {
      const known = first ? truthy(first()) : false;
      return known === undefined ? undefined : primitive(node, known);
    }
    case 'String': {
      const value = first?.();
      return value?.kind === 'primitive' ? primitive(node, String(value.value)) : undefined;
    }
    case 'Promise.resolve':
    case 'structuredClone':
    case 'Object.freeze':
    case 'Object.preventExtensions':
    case 'Object.seal':
      return first?.();
    case 'Promise.all':
    case 'Array.from': {
      const value = first?.();
      if (value?.kind !== 'array') return undefined;
      const callback = args[1];
      if (name === 'Promise.all' || !callback) return value;
      return callMethod(evaluator, value, 'map', [callback], node);
    }
    case 'Array.isArray': {
      const value = first?.();
      if (!value || value.kind === 'unresolved' || value.kind === 'external' || value.kind === 'choice')
        return undefined;
      return primitive(node, value.kind === 'array');
    }
    case 'Object.assign':
      return merged(args, node, 'shallow');
    case 'Object.values':
    case 'Object.keys':
    case 'Object.entries': {
      const value = first?.();
      if (value?.kind !== 'object') return undefined;
      return array(node, () => [
        ...[...value.entries()].map(([key, entry]) => {
          if (name === 'Object.values') return entry();
          if (name === 'Object.keys') return primitive(node, key);
          return array(node, () => [primitive(node, key), entry()]);
        }),
        ...value.gaps(),
      ]);
    }
    case 'Object.fromEntries': {
      const value = first?.();
      if (value?.kind !== 'array') return undefined;
      return object(node, () => {
        const entries = new Map<string, Lazy>();
        const gaps: Value[] = [];
        for (const pair of value.items()) {
          const key = pair.kind === 'array' && pair.items()[0] ? plain(pair.items()[0]!) : undefined;
          if (pair.kind !== 'array' || typeof key !== 'string') gaps.push(pair);
          else entries.set(key, () => pair.items()[1] ?? primitive(node, undefined));
        }
        return { entries, gaps };
      });
    }
    default:
      return undefined;
  }
}

function callPath(name: string, args: Lazy[], node: ts.Node): Value | undefined {
  const parts = args.map((arg) => plain(arg()));
  if (!parts.every((part) => typeof part === 'string')) return undefined;
  switch (name.replace(/^(?:posix|default)\./, '')) {
    case 'resolve':
      return primitive(node, path.resolve(...parts));
    case 'join':
      return primitive(node, path.join(...parts));
    case 'dirname':
      return parts[0] === undefined ? undefined : primitive(node, path.dirname(parts[0]));
    case 'basename':
      return parts[0] === undefined ? undefined : primitive(node, path.basename(parts[0]));
    default:
      return undefined;
  }
}

function callPayload(evaluator: Evaluator, name: string, args: Lazy[], node: ts.Node): Value | undefined {
  if (name === 'buildConfig') return args[0] && built(args[0]());
  if (/^deepMerge/.test(name)) {
    const replacesArrays = name === 'deepMergeSimple' || name === 'deepMergeWithSourceArrays';
    return merged(args, node, replacesArrays ? 'arrays replaced' : 'arrays joined');
  }
  if (name === 'slugField') return slugField(evaluator, args, node);
  return undefined;
}

/** Payload's own `slugField`: a row with a checkbox and an indexed, unique text. */
function slugField(evaluator: Evaluator, args: Lazy[], node: ts.Node): Value {
  const options = args[0]?.() ?? primitive(node, undefined);
  function option(name: string, otherwise: PrimitiveValue['value']): Lazy {
    const given = evaluator.property(options, name, node);
    return () =>
      given.kind === 'primitive' && given.value === undefined ? primitive(node, otherwise) : given;
  }
  function field(properties: Record<string, Lazy>): Value {
    return object(node, () => ({ entries: new Map(Object.entries(properties)), gaps: [] }));
  }
  const row = field({
    type: () => primitive(node, 'row'),
    fields: () =>
      array(node, () => [
        field({
          name: option('checkboxName', 'generateSlug'),
          type: () => primitive(node, 'checkbox'),
          localized: option('localized', false),
        }),
        field({
          name: option('name', 'slug'),
          type: () => primitive(node, 'text'),
          index: () => primitive(node, true),
          unique: () => primitive(node, truthy(option('disableUnique', false)()) !== true),
          localized: option('localized', false),
        }),
      ]),
  });
  const overrides = evaluator.property(options, 'overrides', node);
  return overrides.kind === 'function' ? evaluator.call(overrides, [() => row], node) : row;
}

/** The fields of Payload's plugin for search engines that a collection may list itself: names and types, by function. */
const SEO_FIELDS: Record<string, [name: string, type: string]> = {
  MetaDescriptionField: ['description', 'textarea'],
  MetaImageField: ['image', 'upload'],
  MetaTitleField: ['title', 'text'],
  OverviewField: ['overview', 'ui'],
  PreviewField: ['preview', 'ui'],
};

function seoField(evaluator: Evaluator, called: string, args: Lazy[], node: ts.Node): Value | undefined {
  const [name, type] = SEO_FIELDS[called] ?? [];
  if (name === undefined || type === undefined) return undefined;
  const options = args[0]?.() ?? primitive(node, undefined);
  const entries: Record<string, Lazy> = {
    name: () => primitive(node, name),
    type: () => primitive(node, type),
    localized: () => primitive(node, type !== 'ui'),
    ...(type === 'upload' ? { relationTo: () => evaluator.property(options, 'relationTo', node) } : {}),
  };
  const field = object(node, () => ({ entries: new Map(Object.entries(entries)), gaps: [] }));
  const overrides = evaluator.property(options, 'overrides', node);
  if (nullish(overrides)) return field;
  return merged([() => field, () => overrides], node, 'shallow');
}

type MergeDepth = 'shallow' | 'arrays replaced' | 'arrays joined' | 'arrays by index';

/** The objects merged from left to right. */
function merged(args: Lazy[], node: ts.Node, depth: MergeDepth): Value | undefined {
  const values = args
    .map((arg) => arg())
    .filter((value) => value.kind !== 'primitive' && value.kind !== 'function');
  const [first, ...rest] = values;
  if (!first) return undefined;
  let result: Value = first;
  for (const next of rest) result = mergeTwo(result, next, node, depth);
  if (result.kind !== 'object' || result === first) return result;
  return {
    ...result,
    merged: { parts: values, arraysReplaced: depth === 'shallow' || depth === 'arrays replaced' },
  };
}

function mergeTwo(one: Value, other: Value, node: ts.Node, depth: MergeDepth): Value {
  if (one.kind === 'array' && other.kind === 'array' && depth === 'arrays joined') {
    return array(node, () => [...one.items(), ...other.items()]);
  }
  if (one.kind === 'array' && other.kind === 'array' && depth === 'arrays by index') {
    return array(node, () => {
      const [mine, theirs] = [one.items(), other.items()];
      return Array.from({ length: Math.max(mine.length, theirs.length) }, (_, index) => {
        const [before, after] = [mine[index], theirs[index]];
        return before && after ? mergeWithin(before, after, node, depth) : (after ?? before)!;
      });
    });
  }
  if (one.kind !== 'object') return other;
  if (other.kind !== 'object') {
    return object(node, () => ({ entries: one.entries(), gaps: [...one.gaps(), other] }));
  }
  return object(node, () => {
    const entries = new Map(one.entries());
    for (const [name, entry] of other.entries()) {
      const before = entries.get(name);
      entries.set(
        name,
        before && depth !== 'shallow' ? () => mergeWithin(before(), entry(), node, depth) : entry,
      );
    }
    return { entries, gaps: [...one.gaps(), ...other.gaps()] };
  });
}

function mergeWithin(one: Value, other: Value, node: ts.Node, depth: MergeDepth): Value {
  const mergeable =
    (one.kind === 'object' && other.kind === 'object') || (one.kind === 'array' && other.kind === 'array');
  return mergeable ? mergeTwo(one, other, node, depth) : other;
}
