/**
 * Published plugins that put a cache of their own around Payload's database adapter: two of them on one adapter would
 * each hide the other's writes. Recognised by their import; where the call is written out, with what it is given.
 */

import type { ConfigShape } from './config-shape/shape.js';
import type { Evaluator } from './evaluate/evaluator.js';
import { type ObjectValue, plain, reasonOf, type Value } from './evaluate/value.js';
import { propertyName } from './property-name.js';
import type { SourceLocation } from './schema.js';
import { shorten, unwrap } from './syntax.js';
import { ts } from './typescript.js';

/** What such a plugin keeps its entries in. */
export type OtherStore = 'cloudflare-kv' | 'redis';

/** The plugins that are known, by package: what is called, and where its entries lie. */
export const OTHER_CACHES: Readonly<Record<string, { call: string; store: OtherStore }>> = {
  'payloadcms-cloudflare-kv-plugin': { call: 'cloudflareKVCache', store: 'cloudflare-kv' },
  'payloadcms-redis-plugin': { call: 'redisCache', store: 'redis' },
};

/** How long such a plugin keeps an entry where nothing is said, in seconds. */
const DEFAULT_TTL = 300;

/** One collection or global that such a plugin caches. */
export interface OtherEntry {
  slug: string;
  /** Seconds; absent where the default holds. */
  ttl?: number;
}

/** What such a plugin is given, as far as it has a counterpart here. */
export interface OtherOptions {
  collections: OtherEntry[];
  globals: OtherEntry[];
  /** Seconds. */
  ttl: number;
  prefix?: string;
  /** Of Redis: the code that says where it is; absent where that is `process.env.REDIS_URL`. */
  url?: string;
  /** Of Redis: the environment variable that says it, where one does. */
  variable?: string;
  /** Of Cloudflare KV: the name of the binding. */
  binding?: string;
  /** The options that have no counterpart, e.g. `debug`. */
  dropped: string[];
}

/** A cache of another plugin in the project. */
export interface OtherCache {
  packageName: string;
  /** The function of the package as the file calls it. */
  name: string;
  store: OtherStore;
  /** Where it is called, or else imported. */
  location: SourceLocation;
  /** What it is given; absent where it is not written in a way that can be replaced. */
  options?: OtherOptions;
  /** The file that calls it, as it is; absent with `options`. */
  text?: string;
  /** Why it cannot be replaced, in one sentence, and the place that stands in the way. */
  refused?: { reason: string; location: SourceLocation };
}

/** What stands in the way of reading a call. */
interface Obstacle extends Error {
  node: ts.Node;
}

function obstacle(node: ts.Node, reason: string): Obstacle {
  return Object.assign(new Error(reason), { node });
}

function isObstacle(error: unknown): error is Obstacle {
  return error instanceof Error && 'node' in error;
}

/** The caches of other plugins in the files that were read, in the order of their places. */
export function otherCaches(evaluator: Evaluator, shape: ConfigShape): OtherCache[] {
  const { files } = evaluator;
  const own = files
    .parsed()
    .filter(({ fileName }) => !/^\.\.\/|(^|\/)node_modules\//.test(files.relative(fileName)));
  return own
    .flatMap((source) => importsOf(source).map((found) => readCache(evaluator, shape, source, found)))
    .sort((a, b) => (a.location.file < b.location.file ? -1 : 1));
}

interface FoundImport {
  declaration: ts.ImportDeclaration;
  packageName: string;
}

/** The imports of known packages that bring more than types. */
function importsOf(source: ts.SourceFile): FoundImport[] {
  return source.statements.flatMap((declaration) => {
    if (!ts.isImportDeclaration(declaration) || declaration.importClause?.isTypeOnly) return [];
    const packageName = (declaration.moduleSpecifier as ts.StringLiteral).text;
    return Object.hasOwn(OTHER_CACHES, packageName) ? [{ declaration, packageName }] : [];
  });
}

function readCache(
  evaluator: Evaluator,
  shape: ConfigShape,
  source: ts.SourceFile,
  { declaration, packageName }: FoundImport,
): OtherCache {
  const { files } = evaluator;
  const { call, store } = OTHER_CACHES[packageName]!;
  const found = { packageName, name: call, store, location: files.locate(declaration) };
  try {
    const name = importedAs(declaration, call);
    const plugin = callIn(source, declaration, name);
    const here = { ...found, name, location: files.locate(plugin) };
    requirePlugin(shape, files.relative(source.fileName), plugin, source);
    const options = readOptions(evaluator, shape, source, plugin, store);
    return { ...here, options, text: source.text };
  } catch (error) {
    if (!isObstacle(error)) throw error;
    return { ...found, refused: { reason: error.message, location: files.locate(error.node) } };
  }
}

/** The local name of the function, where the import brings just that. */
function importedAs(declaration: ts.ImportDeclaration, call: string): string {
  const clause = declaration.importClause;
  const bindings = clause?.namedBindings;
  const [element, ...others] = bindings && ts.isNamedImports(bindings) ? bindings.elements : [];
  const imported = element && (element.propertyName ?? element.name).text;
  if (!element || others.length > 0 || clause?.name || element.isTypeOnly || imported !== call)
    throw obstacle(declaration, `the import does not bring \`${call}\` alone`);
  return element.name.text;
}

/** The one place that uses the name: a call with one argument that is an element of an array. */
function callIn(source: ts.SourceFile, declaration: ts.ImportDeclaration, name: string): ts.CallExpression {
  const uses: ts.Identifier[] = [];
  const visit = (node: ts.Node): void => {
    if (node === declaration) return;
    if (ts.isIdentifier(node) && node.text === name) uses.push(node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  const [use, ...others] = uses;
  if (!use) throw obstacle(declaration, `\`${name}\` is imported and not called`);
  if (others[0]) throw obstacle(others[0], `\`${name}\` is used more than once`);
  const { parent } = use;
  if (!ts.isCallExpression(parent) || parent.expression !== use || parent.questionDotToken)
    throw obstacle(use, `\`${name}\` is not called by its name`);
  if (parent.arguments.length !== 1) throw obstacle(parent, `\`${name}\` is not called with one object`);
  return parent;
}

/** Refuses a call that is no element of the list of plugins itself: what it stands in may decide whether it is there. */
function requirePlugin(
  shape: ConfigShape,
  path: string,
  call: ts.CallExpression,
  source: ts.SourceFile,
): void {
  const array = call.parent;
  const isList = [shape.plugins, ...shape.otherObjects.map(({ plugins }) => plugins)].some(
    (plugins) =>
      plugins.kind === 'array' &&
      plugins.file.path === path &&
      plugins.array.start === array.getStart(source) &&
      plugins.array.end === array.end,
  );
  if (!ts.isArrayLiteralExpression(array) || !isList)
    throw obstacle(call, 'it is no element of the list of `plugins` as such');
}

// ---- options ------------------------------------------------------------------------------------------------------

function readOptions(
  evaluator: Evaluator,
  shape: ConfigShape,
  source: ts.SourceFile,
  call: ts.CallExpression,
  store: OtherStore,
): OtherOptions {
  const { scope } = evaluator.load(source.fileName);
  const given = requireObject(evaluator.evaluate(call.arguments[0]!, scope), call.arguments[0]!);
  const dropped: string[] = [];
  const entries = entriesOf(given);
  const defaults = entries.get('defaultCacheOptions');
  const byDefault = defaults && entriesOf(requireObject(defaults, defaults.node));
  const ttl = byDefault?.get('ttl');
  const prefix = byDefault?.get('keyPrefix');
  const keyPrefix = prefix && textOf(prefix);
  const options: OtherOptions = {
    collections: readEntries(entries.get('collections'), 'collections', dropped),
    globals: readEntries(entries.get('globals'), 'globals', dropped),
    ttl: ttl ? secondsOf(ttl) : DEFAULT_TTL,
    ...(keyPrefix ? { prefix: keyPrefix } : {}),
    ...(store === 'redis' ? readAddress(given) : readBinding(given, shape)),
    dropped,
  };
  for (const name of byDefault?.keys() ?? [])
    if (name !== 'ttl' && name !== 'keyPrefix') dropped.push(`defaultCacheOptions.${name}`);
  const known = ['collections', 'globals', 'defaultCacheOptions', store === 'redis' ? 'redis' : 'kv'];
  dropped.push(...[...entries.keys()].filter((name) => !known.includes(name)));
  return options;
}

function readEntries(value: Value | undefined, part: string, dropped: string[]): OtherEntry[] {
  if (!value || isAbsent(value)) return [];
  return [...entriesOf(requireObject(value, value.node))].flatMap(([slug, entry]): OtherEntry[] => {
    if (plain(entry) === true) return [{ slug }];
    const own = entriesOf(requireObject(entry, entry.node));
    const [skip, ttl] = [own.get('skip'), own.get('ttl')];
    if (skip && typeof plain(skip) !== 'boolean' && !isAbsent(skip))
      throw obstacle(skip.node, `\`skip\` of \`${slug}\` is not written out`);
    for (const name of own.keys())
      if (name !== 'skip' && name !== 'ttl') dropped.push(`${part}.${slug}.${name}`);
    if (skip && plain(skip) === true) return [];
    return [{ slug, ...(ttl && !isAbsent(ttl) ? { ttl: secondsOf(ttl) } : {}) }];
  });
}

/** `redis: { url }`: a variable of the environment, an address without a password, or the one with the other behind it. */
function readAddress(given: ObjectValue): Pick<OtherOptions, 'url' | 'variable'> {
  const redis = given.entries().get('redis')?.();
  if (!redis) throw obstacle(given.node, '`redis` is not there');
  const object = requireObject(redis, redis.node);
  const entries = entriesOf(object);
  if (entries.has('client')) {
    throw obstacle(
      object.node,
      '`redis.client` is a client of yours: give the plugin `redis: { url: process.env.REDIS_URL }` first',
    );
  }
  const node = ts.isObjectLiteralExpression(object.node) ? memberOf(object.node, 'url') : undefined;
  if (!node) throw obstacle(redis.node, '`redis.url` is not written out');
  return addressOf(unwrap(node));
}

function addressOf(node: ts.Expression): Pick<OtherOptions, 'url' | 'variable'> {
  if (ts.isStringLiteralLike(node)) return { url: addressText(node) };
  const variable = variableOf(node);
  if (variable !== undefined)
    return { variable, ...(variable === 'REDIS_URL' ? {} : { url: `process.env.${variable}` }) };
  if (ts.isBinaryExpression(node) && /^(\?\?|\|\|)$/.test(node.operatorToken.getText())) {
    const [left, right] = [variableOf(unwrap(node.left)), unwrap(node.right)];
    if (left !== undefined && ts.isStringLiteralLike(right)) {
      if (right.text === '') return addressOf(unwrap(node.left));
      const code = `process.env.${left} ${node.operatorToken.getText()} ${addressText(right)}`;
      return { variable: left, url: code };
    }
  }
  throw obstacle(node, '`redis.url` is neither an address nor a variable of the environment');
}

/** An address as code. A password has no place in a file that is committed, nor in one that this tool writes. */
function addressText(node: ts.StringLiteralLike): string {
  if (!/^rediss?:\/\/[^@\s'"\\`]+$/.test(node.text)) {
    throw obstacle(
      node,
      '`redis.url` is no address without a password: put it into an environment variable, REDIS_URL say, and name that',
    );
  }
  return `'${node.text}'`;
}

/** The name in `process.env.NAME` and `process.env['NAME']`. */
function variableOf(node: ts.Expression): string | undefined {
  const isAccess = ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node);
  if (!isAccess || node.expression.getText() !== 'process.env') return undefined;
  const name = accessed(node);
  return name !== undefined && /^[A-Za-z_]\w*$/.test(name) ? name : undefined;
}

/** `kv: env.CACHE`, of the env that the config holds. */
function readBinding(given: ObjectValue, shape: ConfigShape): Pick<OtherOptions, 'binding'> {
  const kv = ts.isObjectLiteralExpression(given.node) ? memberOf(given.node, 'kv') : undefined;
  const node = kv && unwrap(kv);
  const isAccess = node && (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node));
  const binding = isAccess ? accessed(node) : undefined;
  const env = isAccess ? unwrap(node.expression).getText() : undefined;
  if (binding === undefined || !/^[A-Za-z_]\w*$/.test(binding))
    throw obstacle(node ?? given.node, '`kv` is no binding of the Cloudflare env by its name');
  if (shape.cloudflareEnv?.expression !== env)
    throw obstacle(node!, `\`${env}\` is not the Cloudflare env that the config holds`);
  return { binding };
}

function accessed(node: ts.PropertyAccessExpression | ts.ElementAccessExpression): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  const argument = node.argumentExpression;
  return ts.isStringLiteralLike(argument) ? argument.text : undefined;
}

/** The value of a property in an object literal, as it is written. */
function memberOf(literal: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  const member = literal.properties.find((it) => it.name && propertyName(it.name) === name);
  return member && ts.isPropertyAssignment(member) ? member.initializer : undefined;
}

function requireObject(value: Value, node: ts.Node): ObjectValue {
  if (value.kind !== 'object') {
    const why = reasonOf(value) ?? 'it is no object';
    throw obstacle(node, `\`${shorten(node)}\` is not written out: ${why}`);
  }
  const [gap] = value.gaps();
  if (gap) throw obstacle(gap.node, `\`${shorten(gap.node)}\` may bring more than is written there`);
  return value;
}

/** The properties that are set. */
function entriesOf(value: ObjectValue): Map<string, Value> {
  const entries = new Map<string, Value>();
  for (const [name, get] of value.entries()) {
    const each = get();
    if (!isAbsent(each)) entries.set(name, each);
  }
  return entries;
}

function isAbsent(value: Value): boolean {
  return value.kind === 'primitive' && value.value === undefined;
}

function secondsOf(value: Value): number {
  const seconds = plain(value);
  if (typeof seconds !== 'number' || !Number.isSafeInteger(seconds) || seconds <= 0)
    throw obstacle(value.node, '`ttl` is no whole number of seconds');
  return seconds;
}

function textOf(value: Value): string {
  const text = plain(value);
  if (typeof text !== 'string')
    throw obstacle(value.node, '`defaultCacheOptions.keyPrefix` is no text that is written out');
  return text;
}
