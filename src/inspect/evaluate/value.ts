/** Values of statically evaluated expressions. Objects and arrays are filled when they are first looked into. */
import type { ts } from '../typescript.js';

/** A value computed at the first call. */
export type Lazy = () => Value;

/** A string, number, boolean, null or undefined. */
export interface PrimitiveValue {
  kind: 'primitive';
  node: ts.Node;
  value: string | number | boolean | null | undefined;
}

/** A plain object. */
export interface ObjectValue {
  kind: 'object';
  node: ts.Node;
  /** Scope of the object literal, where there is one. */
  scope?: Scope;
  /** Properties in order. May be changed by statements of the program that is read. */
  entries(): Map<string, Lazy>;
  /** Spreads that could not be resolved: the object may have more properties. */
  gaps(): Value[];
  /** What it was merged of, from left to right, and whether an array of a later one replaces that of an earlier. */
  merged?: { parts: Value[]; arraysReplaced: boolean };
  /** Whether it was handed to Payload's `buildConfig`: then its plugins run for sure. */
  built?: true;
}

/** An array. */
export interface ArrayValue {
  kind: 'array';
  node: ts.Node;
  /** The elements; one that is unresolved may stand for several. */
  items(): Value[];
}

/** A function with the scope that it closes over. */
export interface FunctionValue {
  kind: 'function';
  node: ts.SignatureDeclaration;
  scope: Scope;
  /** What calling it does, where that is no code of the project: `resolve` of a promise. */
  run?(args: Lazy[], node: ts.Node): Value;
}

/** Something of a package or of the language, or the result of calling it. */
export interface ExternalValue {
  kind: 'external';
  node: ts.Node;
  /** Package name, or `''` for what the language has. */
  packageName: string;
  /** Export and property path, e.g. `sqliteAdapter`, `Object.keys`. */
  name: string;
  /** Arguments, where it is the result of a call. */
  args?: Lazy[];
}

/** One of several values, depending on a condition that is not known. */
export interface ChoiceValue {
  kind: 'choice';
  node: ts.Node;
  options: Value[];
}

/** Something that could not be evaluated. */
export interface UnresolvedValue {
  kind: 'unresolved';
  node: ts.Node;
  reason: string;
  /** It stands for something that may change the array or object that holds it. */
  changes?: true;
}

export type Value =
  | PrimitiveValue
  | ObjectValue
  | ArrayValue
  | FunctionValue
  | ExternalValue
  | ChoiceValue
  | UnresolvedValue;

/** A name in scope. */
export interface Binding {
  get: Lazy;
  /** The expression that it was declared with, and where that is evaluated. */
  target?(): { node: ts.Expression; scope: Scope } | undefined;
  /** Gives it another value, from within a function: of names at the top level of a file. */
  set?(value: Value): void;
}

/** Names in scope. */
export interface Scope {
  names: Map<string, Binding>;
  parent?: Scope;
  /** A condition that is not known holds for what runs here. */
  conditional?: boolean;
  /** It holds the parameters of a function that is called: what it sets of the scopes above stays after the call. */
  ofCall?: true;
}

const MOST_OPTIONS = 16;

/** A primitive. */
export function primitive(node: ts.Node, value: PrimitiveValue['value']): PrimitiveValue {
  return { kind: 'primitive', node, value };
}

/** Something that could not be evaluated. */
export function unresolved(node: ts.Node, reason: string): UnresolvedValue {
  return { kind: 'unresolved', node, reason };
}

/** An object with the given properties. */
export function object(
  node: ts.Node,
  build: () => { entries: Map<string, Lazy>; gaps: Value[] },
  scope?: Scope,
): ObjectValue {
  let built: { entries: Map<string, Lazy>; gaps: Value[] } | undefined;
  let building = false;
  function get() {
    if (built) return built;
    if (building) return { entries: new Map(), gaps: [unresolved(node, 'it refers to itself')] };
    building = true;
    built = build();
    building = false;
    return built;
  }
  return { kind: 'object', node, scope, entries: () => get().entries, gaps: () => get().gaps };
}

/** An array with the given elements. */
export function array(node: ts.Node, build: () => Value[]): ArrayValue {
  let built: Value[] | undefined;
  let building = false;
  return {
    kind: 'array',
    node,
    items() {
      if (built) return built;
      if (building) return [unresolved(node, 'it refers to itself')];
      building = true;
      built = build();
      building = false;
      return built;
    },
  };
}

/** A value computed when first asked for; one that asks for itself is unresolved. */
export function lazy(node: ts.Node, compute: Lazy): Lazy {
  let value: Value | undefined;
  let running = false;
  return () => {
    if (value) return value;
    if (running) return unresolved(node, 'it refers to itself');
    running = true;
    try {
      value = compute();
    } finally {
      running = false;
    }
    return value;
  };
}

/** One of several values; just the value where there is one. */
export function choice(node: ts.Node, options: Value[]): Value {
  const flat: Value[] = [];
  for (const option of options.flatMap((each) => (each.kind === 'choice' ? each.options : [each]))) {
    if (!flat.some((known) => same(known, option))) flat.push(option);
  }
  if (flat.length === 1) return flat[0]!;
  if (flat.length > MOST_OPTIONS) return unresolved(node, 'it depends on too many conditions');
  return { kind: 'choice', node, options: flat };
}

function same(one: Value, other: Value): boolean {
  if (one === other) return true;
  return one.kind === 'primitive' && other.kind === 'primitive' && one.value === other.value;
}

/** The value as what `buildConfig` makes of it. */
export function built(value: Value): Value {
  if (value.kind === 'object') return { ...value, built: true };
  return value.kind === 'choice' ? choice(value.node, value.options.map(built)) : value;
}

/** Whether it is truthy; `undefined` where that is not known. */
export function truthy(value: Value): boolean | undefined {
  switch (value.kind) {
    case 'primitive':
      return Boolean(value.value);
    case 'object':
    case 'array':
    case 'function':
      return true;
    case 'external':
      return value.args === undefined && value.packageName !== '' ? true : undefined;
    case 'choice': {
      const all = new Set(value.options.map(truthy));
      return all.size === 1 ? [...all][0] : undefined;
    }
    default:
      return undefined;
  }
}

/** Whether it is null or undefined; `undefined` where that is not known. */
export function nullish(value: Value): boolean | undefined {
  switch (value.kind) {
    case 'primitive':
      return value.value === undefined || value.value === null;
    case 'choice': {
      const all = new Set(value.options.map(nullish));
      return all.size === 1 ? [...all][0] : undefined;
    }
    case 'unresolved':
      return undefined;
    case 'external':
      return value.args === undefined && value.packageName !== '' ? false : undefined;
    default:
      return false;
  }
}

/** The primitive's value, or `undefined` for everything else. */
export function plain(value: Value): PrimitiveValue['value'] {
  return value.kind === 'primitive' ? value.value : undefined;
}

/** Something of a package or of the language as a person reads it. */
export function externalName({ name, packageName }: Pick<ExternalValue, 'name' | 'packageName'>): string {
  return packageName === '' ? name : `${name} of ${packageName}`;
}

/** Why a value is not known, if it isn't. */
export function reasonOf(value: Value): string | undefined {
  if (value.kind === 'unresolved') return value.reason;
  if (value.kind === 'choice') return 'it depends on a condition that is only known at run time';
  if (value.kind === 'function') return 'it is a function';
  if (value.kind === 'external') {
    if (value.packageName === '') return `the result of ${value.name} is only known at run time`;
    return `it comes from the package ${value.packageName}, whose code is not read`;
  }
  return undefined;
}
