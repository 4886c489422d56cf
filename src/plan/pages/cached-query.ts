/**
 * `unstable_cache` around a function that only reads through Payload, as Payload's website template has it: what the
 * function reads would be on the page, were it not hidden behind the answer that is kept.
 */

import { propertyName } from '../../inspect/property-name.js';
import { unwrap } from '../../inspect/syntax.js';
import { ts } from '../../inspect/typescript.js';
import { isPropertyName } from '../text/identifiers.js';
import { applyEdits, indentationAt } from '../text/splice.js';
import { fromNextCache, hasComment, isDeclared, namedImports, withoutImported } from './next-cache.js';
import { boundPaths, constants, isPure, type Pure } from './pure-code.js';

/** What was found in a file. */
export interface TakenCaches {
  text: string;
  /** How many calls of `unstable_cache` gave way. */
  count: number;
}

/** The text with the plain function in place of each such cache; as it is where its import could not go with them. */
export function withoutCachedQueries(text: string, path: string): TakenCaches {
  const unchanged: TakenCaches = { text, count: 0 };
  const names = fromNextCache(parse(text, path), ['unstable_cache']);
  let content = text;
  let count = 0;
  for (let next = withoutFirst(content, path); next !== undefined; next = withoutFirst(content, path)) {
    content = next;
    count++;
  }
  if (count === 0) return unchanged;
  for (const name of names) {
    const without = withoutImported(content, path, name);
    if (without === undefined) return unchanged;
    content = without;
  }
  return { text: content, count };
}

function parse(text: string, path: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

function withoutFirst(text: string, path: string): string | undefined {
  const source = parse(text, path);
  const names = fromNextCache(source, ['unstable_cache']);
  const visit = (node: ts.Node): string | undefined => {
    const cached = ts.isCallExpression(node) ? cachedFunction(node, source, names) : undefined;
    return cached ? withoutCall(text, node, cached) : ts.forEachChild(node, visit);
  };
  return visit(source);
}

/** The function in place of the call. Where it began a line it still does, so that none of its lines has to move. */
function withoutCall(text: string, call: ts.Node, inner: ts.ArrowFunction): string {
  const start = call.getStart();
  const code = inner.getText();
  const ahead = text.slice(start, inner.getStart());
  const isFirst = /^[ \t]*$/.test(text.slice(text.lastIndexOf('\n', start) + 1, start));
  if (!isFirst && ahead.includes('\n')) {
    const from = start - /[ \t]*$/.exec(text.slice(0, start))![0].length;
    const line = ahead.slice(ahead.search(/[ \t]*\r?\n[ \t]*$/));
    return applyEdits(text, [{ start: from, end: call.end, text: line + code }]);
  }
  const [deep, outer] = [indentationAt(text, inner.getStart()), indentationAt(text, start)];
  // Inside a text in backticks white space is not for the eye alone.
  const moves = deep !== outer && deep.startsWith(outer) && !hasLinesInText(inner);
  const moved = moves ? code.replaceAll(`\n${deep}`, `\n${outer}`) : code;
  return applyEdits(text, [{ start, end: call.end, text: moved }]);
}

function hasLinesInText(node: ts.Node): boolean {
  const isText = ts.isTemplateExpression(node) || ts.isNoSubstitutionTemplateLiteral(node);
  if (isText && node.getText().includes('\n')) return true;
  return ts.forEachChild(node, (child) => hasLinesInText(child) || undefined) === true;
}

/** The function of a call that is such a cache. */
function cachedFunction(
  call: ts.CallExpression,
  source: ts.SourceFile,
  names: ReadonlySet<string>,
): ts.ArrowFunction | undefined {
  const { expression: callee, arguments: args, typeArguments, questionDotToken } = call;
  if (!ts.isIdentifier(callee) || !names.has(callee.text) || typeArguments || questionDotToken)
    return undefined;
  const [inner, key, options, ...others] = args;
  if (!inner || !key || others.length > 0 || !ts.isArrowFunction(inner)) return undefined;
  const parameters = parametersAround(call);
  if (!parameters || !isQuery(inner, source, parameters)) return undefined;
  const pure: Pure = { names: new Set(parameters) };
  if (!ts.isArrayLiteralExpression(key) || !isPure(key, pure)) return undefined;
  if (options && !(ts.isObjectLiteralExpression(options) && hasOnlyTags(options) && isPure(options, pure)))
    return undefined;
  // What only the key was made of would be a parameter that nothing uses.
  if (!parameters.every((name) => usesName(inner, name))) return undefined;
  const [start, end] = [inner.getStart(source), inner.end];
  if (hasComment(source, call.getStart(source), start) || hasComment(source, end, call.end)) return undefined;
  return inner;
}

/** A time for which the answer is kept at most or at least is somebody's wish. */
function hasOnlyTags({ properties }: ts.ObjectLiteralExpression): boolean {
  return properties.every((it) => it.name && propertyName(it.name) === 'tags');
}

/** The parameters of the function that returns nothing but the call; none for a constant; `undefined` anywhere else. */
function parametersAround({ parent }: ts.CallExpression): string[] | undefined {
  const call = parent;
  if (ts.isVariableDeclaration(call)) return isConstantOfModule(call) ? [] : undefined;
  if (!ts.isArrowFunction(call) || call.modifiers || call.type) return undefined;
  const { parent: declaration } = call;
  if (!ts.isVariableDeclaration(declaration) || !isConstantOfModule(declaration)) return undefined;
  const names: string[] = [];
  for (const { name, dotDotDotToken, initializer } of call.parameters) {
    if (!ts.isIdentifier(name) || dotDotDotToken) return undefined;
    if (initializer && !isPure(initializer, { names: new Set() })) return undefined;
    names.push(name.text);
  }
  return names;
}

function isConstantOfModule({ name, type, parent }: ts.VariableDeclaration): boolean {
  return (
    ts.isIdentifier(name) &&
    !type &&
    (parent.flags & ts.NodeFlags.BlockScoped) === ts.NodeFlags.Const &&
    ts.isVariableStatement(parent.parent) &&
    ts.isSourceFile(parent.parent.parent)
  );
}

function usesName(node: ts.Node, name: string): boolean {
  if (ts.isIdentifier(node) && node.text === name && !isPropertyName(node)) return true;
  return ts.forEachChild(node, (child) => usesName(child, name) || undefined) === true;
}

// ---- queries --------------------------------------------------------------------------------------------------------

type FunctionNode = ts.ArrowFunction | ts.FunctionExpression | ts.FunctionDeclaration;

/** Whether a function without parameters only reads through Payload, or calls one of the module that does. */
function isQuery(inner: ts.ArrowFunction, source: ts.SourceFile, parameters: readonly string[]): boolean {
  if (inner.parameters.length > 0 || inner.typeParameters || !isAsync(inner)) return false;
  if (ts.isBlock(inner.body)) return readsPayload(inner, source, parameters);
  const call = unwrap(inner.body);
  if (!ts.isCallExpression(call) || call.questionDotToken || !ts.isIdentifier(call.expression)) return false;
  const called = functionOf(call.expression.text, source);
  const names = new Set(parameters);
  return (
    called !== undefined &&
    call.arguments.every((it) => isPure(it, { names })) &&
    readsPayload(called, source, [])
  );
}

function isAsync(node: FunctionNode): boolean {
  return node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword) === true;
}

/** A function that the module declares once, by its name. */
function functionOf(name: string, source: ts.SourceFile): FunctionNode | undefined {
  const found: (FunctionNode | undefined)[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionDeclaration(node) && node.name?.text === name)
      found.push(node.parent === source ? node : undefined);
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.name.text === name) {
      const { initializer } = node;
      const isPlain =
        initializer && (ts.isArrowFunction(initializer) || ts.isFunctionExpression(initializer));
      found.push(isPlain && isConstantOfModule(node) ? initializer : undefined);
    }
    if ((ts.isParameter(node) || ts.isBindingElement(node)) && node.name.getText() === name)
      found.push(undefined);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found.length === 1 ? found[0] : undefined;
}

/** Reads of Payload that are known to the cache. */
const READS = new Set(['find', 'findByID', 'findGlobal', 'count']);
/** Ways to the running Payload, and where they come from. */
const GETS: Readonly<Record<string, string>> = {
  getPayload: 'payload',
  getPayloadHMR: '@payloadcms/next/utilities',
};

interface Reading {
  source: ts.SourceFile;
  /** Names that stand for values. */
  names: Set<string>;
  /** Names that stand for the running Payload. */
  payloads: Set<string>;
  reads: boolean;
}

function readsPayload(node: FunctionNode, source: ts.SourceFile, around: readonly string[]): boolean {
  const { body, parameters } = node;
  if (!body || !ts.isBlock(body) || !isAsync(node) || node.asteriskToken) return false;
  const names = new Set(around);
  for (const { name, initializer, dotDotDotToken } of parameters) {
    if (!ts.isIdentifier(name) || dotDotDotToken || names.has(name.text)) return false;
    if (initializer && !isPure(initializer, { names: new Set() })) return false;
    names.add(name.text);
  }
  const reading: Reading = { source, names, payloads: new Set(), reads: false };
  return body.statements.every((it) => isReading(it, reading)) && reading.reads;
}

function isReading(statement: ts.Statement, reading: Reading): boolean {
  const pure = pureIn(reading);
  const declared = constants(statement);
  if (declared) return declared.length > 0 && declared.every((it) => isReadingInto(it, reading));
  if (ts.isBlock(statement)) return statement.statements.every((it) => isReading(it, reading));
  if (ts.isIfStatement(statement)) {
    const { expression, thenStatement, elseStatement } = statement;
    return (
      isPure(expression, pure) &&
      isReading(thenStatement, reading) &&
      (!elseStatement || isReading(elseStatement, reading))
    );
  }
  if (!ts.isReturnStatement(statement)) return false;
  const { expression } = statement;
  return !expression || isRead(expression, reading) || isPure(expression, pure);
}

function isReadingInto(
  { name, initializer }: { name: ts.BindingName; initializer: ts.Expression },
  reading: Reading,
): boolean {
  const bound = boundPaths(name, 'value');
  const isNew = (it: string) => !reading.names.has(it) && !reading.payloads.has(it);
  if (!bound || ![...bound.keys()].every(isNew)) return false;
  if (ts.isIdentifier(name) && isPayload(initializer, reading)) {
    reading.payloads.add(name.text);
    return true;
  }
  if (!isRead(initializer, reading) && !isPure(initializer, pureIn(reading))) return false;
  for (const it of bound.keys()) reading.names.add(it);
  return true;
}

/** `await getPayload({ config })` */
function isPayload(node: ts.Expression, { source }: Reading): boolean {
  if (!ts.isAwaitExpression(node) || !ts.isCallExpression(node.expression)) return false;
  const { expression: callee, arguments: args } = node.expression;
  const imported = ts.isIdentifier(callee) ? namedImports(source).get(callee.text) : undefined;
  const [options, ...others] = args;
  if (!imported || GETS[imported.exported] !== imported.module || others.length > 0) return false;
  if (!options || !ts.isObjectLiteralExpression(options)) return false;
  const [config, ...more] = options.properties;
  return (
    more.length === 0 &&
    config?.name?.getText() === 'config' &&
    (ts.isShorthandPropertyAssignment(config) ||
      (ts.isPropertyAssignment(config) && ts.isIdentifier(config.initializer)))
  );
}

/** `await payload.find({ … })` */
function isRead(node: ts.Expression, reading: Reading): boolean {
  const at = unwrap(node);
  const call = ts.isAwaitExpression(at) ? at.expression : at;
  if (!ts.isCallExpression(call) || call.questionDotToken) return false;
  const { expression: callee, arguments: args } = call;
  if (!ts.isPropertyAccessExpression(callee) || callee.questionDotToken || !READS.has(callee.name.text))
    return false;
  if (!ts.isIdentifier(callee.expression) || !reading.payloads.has(callee.expression.text)) return false;
  if (args.length !== 1 || !isPure(args[0]!, pureIn(reading))) return false;
  reading.reads = true;
  return true;
}

/** What is computed from documents: lists of others, dates, variables of the environment. */
function pureIn({ names, source }: Reading): Pure {
  const isGlobal = (name: string) => !names.has(name) && !isDeclared(source, name);
  const withEnvironment = isGlobal('process') ? new Set([...names, 'process']) : names;
  return {
    names: withEnvironment,
    isPureCall(call) {
      const { expression: callee, arguments: args = [] } = call;
      const inner = (all: ReadonlySet<string>) =>
        pureIn({ names: new Set(all), source, payloads: new Set(), reads: false });
      if (ts.isNewExpression(call))
        return (
          callee.getText() === 'Date' && isGlobal('Date') && args.every((it) => isPure(it, inner(names)))
        );
      if (ts.isIdentifier(callee))
        return (
          ['Boolean', 'String', 'Number'].includes(callee.text) &&
          isGlobal(callee.text) &&
          args.every((it) => isPure(it, inner(names)))
        );
      if (!ts.isPropertyAccessExpression(callee) || !isPure(callee.expression, inner(withEnvironment)))
        return false;
      if (callee.name.text === 'toISOString') return args.length === 0;
      const [each, ...others] = args;
      if (!['filter', 'map'].includes(callee.name.text) || !each || others.length > 0) return false;
      return isPureFunction(each, names, inner);
    },
  };
}

function isPureFunction(
  node: ts.Expression,
  names: ReadonlySet<string>,
  pureWith: (names: ReadonlySet<string>) => Pure,
): boolean {
  if (!ts.isArrowFunction(node) || node.modifiers) return false;
  const own = node.parameters.map(({ name, initializer, dotDotDotToken }) =>
    ts.isIdentifier(name) && !initializer && !dotDotDotToken ? name.text : undefined,
  );
  if (own.some((name) => name === undefined || names.has(name))) return false;
  const pure = pureWith(new Set([...names, ...(own as string[])]));
  if (!ts.isBlock(node.body)) return isPure(node.body, pure);
  const [only, ...others] = node.body.statements;
  return (
    others.length === 0 &&
    only !== undefined &&
    ts.isReturnStatement(only) &&
    !!only.expression &&
    isPure(only.expression, pure)
  );
}
