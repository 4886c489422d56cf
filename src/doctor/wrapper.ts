/**
 * Reads the wrapper (`payload-kv/index.ts`), which is the user's: what is written in it literally is understood, for
 * everything else it's said that it could not be read.
 */
import { ts } from 'ts-morph';
import { propertyName } from '../inspect/property-name.js';
import type { CollectionPolicy, PayloadKVOptions } from '../runtime/policy/options.js';

/** A store that the wrapper names. */
export interface StoreReading {
  /** The package's factory, e.g. `memory` or `cloudflareKV`; `undefined` for what is not of this package. */
  factory?: string;
  expression: string;
  line: number;
  /** The binding's name, where it is written as text. */
  binding?: string;
  /** Of `tiered`: the stores it puts one over another. */
  tiers?: StoreReading[];
  /** Of a store of Cloudflare, whose options are an object: each by its name. */
  settings?: Record<string, SettingReading>;
}

/** An option of a store: text, a variable of the environment, with text where it is not set, or neither. */
export interface SettingReading {
  text?: string;
  variable?: string;
  line: number;
}

/** A registry that the wrapper names. */
export type RegistryReading = StoreReading;

/** A TTL that the wrapper names. */
export interface TTLReading {
  /** Where it belongs, e.g. `ttl`, `collections.posts.ttl`, `operations.find`. */
  path: string;
  /** The value; `false` where the operation is not cached. */
  value: string | number | false;
  line: number;
}

/** An entry of `collections` or `globals`. */
export interface PolicyReading {
  slug: string;
  type: 'collection' | 'global';
  line: number;
  /** Slice fields, as far as they are written as text. */
  slices: { field: string; line: number }[];
  allowAuth: boolean;
  enabled: boolean;
}

/** A part of the wrapper that is not written literally. */
export interface UnreadPart {
  /** E.g. `collections`, `collections.posts.ttl`, `store`. */
  path: string;
  expression: string;
  line: number;
}

/** What the wrapper says. */
export interface WrapperReading {
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
}

/** Every store that the wrapper names, those of tiers as well. */
export function everyStore({ stores }: Pick<WrapperReading, 'stores'>): StoreReading[] {
  return stores.flatMap((store) => [store, ...everyStore({ stores: store.tiers ?? [] })]);
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
  debug: true,
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
export function readWrapper(text: string, path: string): WrapperReading {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const reading: WrapperReading = {
    path,
    calls: [],
    stores: [],
    registries: [],
    ttls: [],
    policies: [],
    named: { collections: false, globals: false },
    unread: [],
    unknown: [],
    relativeImports: [],
  };
  const imported = new Map<string, string>();
  const constants = new Map<string, ts.Expression>();
  const calls: ts.CallExpression[] = [];

  const lineOf = (node: ts.Node) => source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
  const oneLine = (node: ts.Node) => node.getText(source).replace(/\s+/g, ' ').slice(0, 60);
  const leaveUnread = (where: string, node: ts.Node) => {
    reading.unread.push({ path: where, expression: oneLine(node), line: lineOf(node) });
  };

  collect(source);
  function collect(node: ts.Node): void {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier))
      noteImport(node, node.moduleSpecifier.text);
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer) {
      constants.set(node.name.text, node.initializer);
    }
    if (ts.isCallExpression(node) && factoryOf(node) === 'payloadKV') calls.push(node);
    ts.forEachChild(node, collect);
  }

  function noteImport(node: ts.ImportDeclaration, specifier: string): void {
    if (specifier.startsWith('.')) reading.relativeImports.push({ specifier, line: lineOf(node) });
    const bindings = node.importClause?.namedBindings;
    if (!/^payload-kv(\/|$)/.test(specifier) || !bindings || !ts.isNamedImports(bindings)) return;
    for (const element of bindings.elements) {
      imported.set(element.name.text, (element.propertyName ?? element.name).text);
    }
  }

  function factoryOf(call: ts.CallExpression): string | undefined {
    return ts.isIdentifier(call.expression) ? imported.get(call.expression.text) : undefined;
  }

  /** What a name, a cast or a pair of parentheses stands for. */
  function resolve(node: ts.Expression, depth = 0): ts.Expression {
    if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isSatisfiesExpression(node)) {
      return resolve(node.expression, depth);
    }
    const constant = ts.isIdentifier(node) && depth < 10 ? constants.get(node.text) : undefined;
    return constant ? resolve(constant, depth + 1) : node;
  }

  /** Properties of an object literal; what is no plain property is noted as unread. */
  function properties(
    node: ts.Expression,
    where: string,
  ): Map<string, { value: ts.Expression; at: ts.Node }> {
    const found = new Map<string, { value: ts.Expression; at: ts.Node }>();
    const object = resolve(node);
    if (!ts.isObjectLiteralExpression(object)) {
      leaveUnread(where, node);
      return found;
    }
    for (const property of object.properties) {
      if (ts.isShorthandPropertyAssignment(property)) {
        found.set(property.name.text, { value: property.name, at: property });
      } else if (ts.isPropertyAssignment(property) && propertyName(property.name) !== undefined) {
        found.set(propertyName(property.name)!, { value: property.initializer, at: property });
      } else if (
        ts.isSpreadAssignment(property) &&
        ts.isObjectLiteralExpression(resolve(property.expression))
      ) {
        for (const [key, value] of properties(property.expression, where)) found.set(key, value);
      } else if (!ts.isMethodDeclaration(property)) {
        leaveUnread(where, property);
      }
    }
    return found;
  }

  for (const call of calls) {
    reading.calls.push(lineOf(call));
    if (call.arguments[0]) readOptions(call.arguments[0]);
  }
  return reading;

  function readOptions(node: ts.Expression): void {
    const options = properties(node, 'options');
    noteUnknown(options, OPTIONS, '');
    const enabled = options.get('enabled')?.value;
    if (enabled && resolve(enabled).kind === ts.SyntaxKind.FalseKeyword) reading.off = lineOf(enabled);
    const encryption = options.get('encryption');
    if (encryption) reading.encryption = lineOf(encryption.at);
    const store = options.get('store');
    if (store) readParts(store.value, 'store', reading.stores);
    const registry = options.get('registry');
    if (registry) readParts(registry.value, 'registry', reading.registries);
    readTTL(options.get('ttl')?.value, 'ttl');
    readOperations(options.get('operations')?.value, 'operations');
    for (const type of ['collection', 'global'] as const) {
      const group = `${type}s` as const;
      const policies = options.get(group);
      if (!policies) continue;
      reading.named[group] = true;
      for (const [slug, { value, at }] of properties(policies.value, group))
        readPolicy(slug, type, value, at);
    }
  }

  /** Calls of factories, all outcomes where a condition chooses. */
  function readParts(node: ts.Expression, part: 'store' | 'registry', found: StoreReading[]): void {
    const expression = resolve(node);
    if (ts.isConditionalExpression(expression)) {
      readParts(expression.whenTrue, part, found);
      readParts(expression.whenFalse, part, found);
      return;
    }
    if (ts.isBinaryExpression(expression)) {
      readParts(expression.left, part, found);
      readParts(expression.right, part, found);
      return;
    }
    const call: StoreReading = { expression: oneLine(expression), line: lineOf(expression) };
    if (ts.isCallExpression(expression)) {
      const factory = factoryOf(expression);
      if (factory) call.factory = factory;
      const isBound = factory === 'cloudflareKV' || factory === 'durableObjectRegistry';
      const binding = isBound ? bindingOf(expression.arguments[0]) : undefined;
      if (binding !== undefined) call.binding = binding;
      else if (isBound) leaveUnread(`${part}.binding`, expression);
      if (factory === 'tiered') {
        call.tiers = [];
        for (const tier of expression.arguments) readParts(tier, part, call.tiers);
      }
      if (factory === 'cloudflareKV' || factory === 'cloudflareKVRest') {
        call.settings = settingsOf(expression.arguments[0]);
      }
    }
    if (!call.factory) leaveUnread(part, expression);
    found.push(call);
  }

  function bindingOf(argument: ts.Expression | undefined): string | undefined {
    if (!argument) return undefined;
    const value = resolve(argument);
    if (ts.isStringLiteralLike(value)) return value.text;
    // `env.PAYLOAD_CACHE`, `env['PAYLOAD_CACHE']`
    if (ts.isPropertyAccessExpression(value)) return value.name.text;
    if (ts.isElementAccessExpression(value) && ts.isStringLiteralLike(value.argumentExpression)) {
      return value.argumentExpression.text;
    }
    if (!ts.isObjectLiteralExpression(value)) return undefined;
    const binding = properties(value, 'store').get('binding');
    return binding && bindingOf(binding.value);
  }

  function settingsOf(argument: ts.Expression | undefined): Record<string, SettingReading> {
    if (!argument) return {};
    const object = resolve(argument);
    if (!ts.isObjectLiteralExpression(object)) return { options: { line: lineOf(argument) } };
    const settings: Record<string, SettingReading> = {};
    for (const property of object.properties) {
      const name = property.name && propertyName(property.name);
      if (name === undefined) settings.options = { line: lineOf(property) };
      else if (ts.isPropertyAssignment(property)) {
        settings[name] = { ...settingValue(property.initializer), line: lineOf(property) };
      } else if (ts.isShorthandPropertyAssignment(property)) {
        settings[name] = { ...settingValue(property.name), line: lineOf(property) };
      } else settings[name] = { line: lineOf(property) };
    }
    return settings;
  }

  /** Text, `process.env.NAME`, or either of them where the variable is not set. */
  function settingValue(node: ts.Expression): { text?: string; variable?: string } {
    const value = resolve(node);
    if (ts.isNonNullExpression(value)) return settingValue(value.expression);
    if (ts.isStringLiteralLike(value)) return { text: value.text };
    if (ts.isBinaryExpression(value) && /^(\?\?|\|\|)$/.test(value.operatorToken.getText(source))) {
      const [left, right] = [settingValue(value.left), settingValue(value.right)];
      return left.variable !== undefined && right.text !== undefined && right.variable === undefined
        ? { ...left, ...right }
        : {};
    }
    const variable = ts.isPropertyAccessExpression(value)
      ? value.name.text
      : ts.isElementAccessExpression(value) && ts.isStringLiteralLike(value.argumentExpression)
        ? value.argumentExpression.text
        : undefined;
    const isVariable =
      (ts.isPropertyAccessExpression(value) || ts.isElementAccessExpression(value)) &&
      value.expression.getText(source) === 'process.env';
    return isVariable && variable !== undefined ? { variable } : {};
  }

  function noteUnknown(found: Map<string, { at: ts.Node }>, known: object, prefix: string): void {
    for (const [name, { at }] of found) {
      if (!Object.hasOwn(known, name)) reading.unknown.push({ path: `${prefix}${name}`, line: lineOf(at) });
    }
  }

  function readPolicy(slug: string, type: 'collection' | 'global', value: ts.Expression, at: ts.Node): void {
    const where = `${type}s.${slug}`;
    const policy = properties(value, where);
    noteUnknown(policy, POLICY_OPTIONS, `${where}.`);
    const flag = (name: string, otherwise: boolean) => {
      const node = policy.get(name)?.value;
      const kind = node && resolve(node).kind;
      if (kind === ts.SyntaxKind.TrueKeyword) return true;
      if (kind === ts.SyntaxKind.FalseKeyword) return false;
      if (node) leaveUnread(`${where}.${name}`, node);
      return otherwise;
    };
    const slices = policy.get('slices')?.value;
    const list = slices && resolve(slices);
    if (list && !ts.isArrayLiteralExpression(list)) leaveUnread(`${where}.slices`, list);
    reading.policies.push({
      slug,
      type,
      line: lineOf(at),
      slices:
        list && ts.isArrayLiteralExpression(list)
          ? list.elements.flatMap((element) => {
              const value = resolve(element);
              if (ts.isStringLiteralLike(value)) return [{ field: value.text, line: lineOf(element) }];
              leaveUnread(`${where}.slices`, element);
              return [];
            })
          : [],
      allowAuth: flag('allowAuth', false),
      enabled: flag('enabled', true),
    });
    readTTL(policy.get('ttl')?.value, `${where}.ttl`);
    readOperations(policy.get('operations')?.value, `${where}.operations`);
  }

  function readOperations(node: ts.Expression | undefined, where: string): void {
    if (!node) return;
    for (const [operation, { value }] of properties(node, where)) readTTL(value, `${where}.${operation}`);
  }

  function readTTL(node: ts.Expression | undefined, where: string): void {
    if (!node) return;
    const value = literalOf(node);
    if (value === undefined) leaveUnread(where, node);
    else reading.ttls.push({ path: where, value, line: lineOf(node) });
  }

  /** A literal, or arithmetic of literals such as `5 * 60`. */
  function literalOf(node: ts.Expression): string | number | false | undefined {
    const expression = resolve(node);
    if (ts.isStringLiteralLike(expression)) return expression.text;
    if (ts.isNumericLiteral(expression)) return Number(expression.text.replaceAll('_', ''));
    if (expression.kind === ts.SyntaxKind.FalseKeyword) return false;
    if (ts.isPrefixUnaryExpression(expression) && expression.operator === ts.SyntaxKind.MinusToken) {
      const operand = literalOf(expression.operand);
      return typeof operand === 'number' ? -operand : undefined;
    }
    if (ts.isBinaryExpression(expression)) {
      const [left, right] = [literalOf(expression.left), literalOf(expression.right)];
      if (typeof left !== 'number' || typeof right !== 'number') return undefined;
      if (expression.operatorToken.kind === ts.SyntaxKind.AsteriskToken) return left * right;
      if (expression.operatorToken.kind === ts.SyntaxKind.PlusToken) return left + right;
      if (expression.operatorToken.kind === ts.SyntaxKind.SlashToken) return left / right;
    }
    return undefined;
  }
}
