/** Calls: of functions of the project, whose code is followed, and of what is known by its name. */

import { unwrap } from '../syntax.js';
import { ts } from '../typescript.js';
import { spreadItems } from './contents.js';
import type { Evaluation } from './evaluation.js';
import { callExternal } from './known-calls/external.js';
import { callMethod } from './known-calls/methods.js';
import { DEEPEST_CALL, MOST_CALLS, TOO_DEEP } from './limits.js';
import { importBinding, load } from './modules.js';
import { CHANGING_METHODS, changeArray } from './mutations.js';
import { bindPattern, withDefault } from './patterns.js';
import { property } from './properties.js';
import { isConditional, lookup } from './scope.js';
import { awaited, hasThen } from './thenables.js';
import {
  array,
  choice,
  type FunctionValue,
  type Lazy,
  lazy,
  nullish,
  plain,
  primitive,
  type Scope,
  unresolved,
  type Value,
} from './value.js';

/** The result of a call as it is written. */
export function callExpression(evaluation: Evaluation, node: ts.CallExpression, scope: Scope): Value {
  const callee = unwrap(node.expression);
  const args = argumentsOf(evaluation, node, scope);
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return dynamicImport(evaluation, node, args);
  if (ts.isIdentifier(callee) && callee.text === 'require' && !lookup('require', scope)) {
    return required(evaluation, node, args);
  }
  if (ts.isPropertyAccessExpression(callee)) {
    const target = evaluation.evaluate(callee.expression, scope);
    const name = callee.name.text;
    const options = target.kind === 'choice' ? target.options : [target];
    const unsure = options.length > 1 || isConditional(scope);
    return choice(
      node,
      options.map((option) =>
        option.kind === 'array' && CHANGING_METHODS.has(name)
          ? changeArray(option, name, args, node, unsure)
          : methodCall(evaluation, option, name, args, node),
      ),
    );
  }
  return call(evaluation, evaluation.evaluate(callee, scope), args, node);
}

function methodCall(
  evaluation: Evaluation,
  target: Value,
  name: string,
  args: Lazy[],
  node: ts.CallExpression,
): Value {
  // `await` and `.then` of a value: promises are transparent.
  if (name === 'then' && target.kind !== 'unresolved' && args[0])
    return call(
      evaluation,
      args[0](),
      [() => (hasThen(target) ? awaited(evaluation, target, node) : target)],
      node,
    );
  if ((name === 'catch' || name === 'finally') && target.kind !== 'unresolved') return target;
  if (target.kind === 'primitive' && nullish(target)) return primitive(node, undefined);
  if (target.kind === 'array' || target.kind === 'primitive') {
    return (
      callMethod(evaluation, target, name, args, node) ??
      unresolved(node, `the result of .${name}() is not known without running it`)
    );
  }
  return call(evaluation, property(evaluation, target, name, node), args, node);
}

/** The arguments of a call, spreads resolved. */
export function argumentsOf(evaluation: Evaluation, node: ts.CallExpression, scope: Scope): Lazy[] {
  return node.arguments.flatMap((argument) => {
    if (!ts.isSpreadElement(argument)) return [lazy(argument, () => evaluation.evaluate(argument, scope))];
    return spreadItems(evaluation, evaluation.evaluate(argument.expression, scope)).map((item) => () => item);
  });
}

function dynamicImport(evaluation: Evaluation, node: ts.CallExpression, args: Lazy[]): Value {
  const specifier = args[0] ? plain(args[0]()) : undefined;
  if (typeof specifier !== 'string') return unresolved(node, 'the module that it imports is computed');
  return importBinding(evaluation, specifier, node.getSourceFile().fileName, '*', node).get();
}

/** What `require` gives: the value of `module.exports`, else an object of the exports. */
function required(evaluation: Evaluation, node: ts.CallExpression, args: Lazy[]): Value {
  const specifier = args[0] ? plain(args[0]()) : undefined;
  if (typeof specifier !== 'string') return unresolved(node, 'the module that it requires is computed');
  const from = node.getSourceFile().fileName;
  const target = evaluation.files.resolve(specifier, from);
  const whole = target.kind === 'file' ? load(evaluation, target.path).wholeExport : undefined;
  return whole?.get() ?? importBinding(evaluation, specifier, from, '*', node).get();
}

/** A call for what it does rather than for what it gives. */
interface ForEffect {
  /** Whether a condition that is not known holds for it. */
  conditional: boolean;
}

/** Whether a call of the function can be followed in full. */
export function isFollowed({ node, run }: FunctionValue): boolean {
  if (run) return true;
  const { body, asteriskToken } = node as ts.FunctionLikeDeclaration;
  return body !== undefined && !asteriskToken && !usesThis(body);
}

function usesThis(node: ts.Node): boolean {
  if (node.kind === ts.SyntaxKind.ThisKeyword) return true;
  return ts.forEachChild(node, usesThis) ?? false;
}

/** The result of calling a value. */
export function call(
  evaluation: Evaluation,
  callee: Value,
  args: Lazy[],
  node: ts.Node,
  forEffect?: ForEffect,
): Value {
  switch (callee.kind) {
    case 'function':
      return callFunction(evaluation, callee, args, node, forEffect);
    case 'external':
      return callExternal(evaluation, callee, args, node);
    case 'choice':
      return choice(
        node,
        callee.options.map((option) => call(evaluation, option, args, node)),
      );
    case 'primitive':
      if (nullish(callee)) return primitive(node, undefined);
      return unresolved(node, 'what it calls is no function');
    case 'unresolved':
      return unresolved(node, callee.reason);
    default:
      return unresolved(node, 'what it calls is no function');
  }
}

function callFunction(
  evaluation: Evaluation,
  callee: FunctionValue,
  args: Lazy[],
  node: ts.Node,
  forEffect?: ForEffect,
): Value {
  if (callee.run) return callee.run(args, node);
  const { node: declaration } = callee;
  const body = (declaration as ts.FunctionLikeDeclaration).body;
  if (!body) return unresolved(node, 'the function has no body to read');
  if ((declaration as ts.FunctionLikeDeclaration).asteriskToken) return unresolved(node, 'it is a generator');
  if (++evaluation.calls > MOST_CALLS || evaluation.depth >= DEEPEST_CALL) return unresolved(node, TOO_DEEP);
  const scope: Scope = {
    names: new Map(),
    parent: callee.scope,
    ofCall: true,
    ...(forEffect?.conditional ? { conditional: true } : {}),
  };
  evaluation.depth++;
  try {
    declaration.parameters.forEach((parameter, index) => {
      const given = args[index] ?? (() => primitive(parameter, undefined));
      const value: Lazy = parameter.dotDotDotToken
        ? () => array(parameter, () => args.slice(index).map((each) => each()))
        : parameter.initializer
          ? withDefault(evaluation, given, parameter.initializer, scope)
          : given;
      bindPattern(evaluation, parameter.name, value, scope);
    });
    if (!ts.isBlock(body) && forEffect) {
      evaluation.runExpression(body, scope);
      return primitive(node, undefined);
    }
    if (!ts.isBlock(body)) return evaluation.evaluate(body, scope);
    const result = evaluation.run(body.statements, scope);
    const outcomes = [...result.pending, result.returned ?? primitive(node, undefined)];
    const deepMerged = mergedByName(evaluation, callee, args, node, outcomes);
    return deepMerged ?? choice(node, outcomes);
  } finally {
    evaluation.depth--;
  }
}

/** A project's own `deepMerge` loops over keys, which is not followed; what it does is known by its name. */
function mergedByName(
  evaluation: Evaluation,
  callee: FunctionValue,
  args: Lazy[],
  node: ts.Node,
  outcomes: Value[],
): Value | undefined {
  const { name } = callee.node as ts.FunctionLikeDeclaration;
  const parent = callee.node.parent;
  const text =
    name && ts.isIdentifier(name)
      ? name.text
      : ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name)
        ? parent.name.text
        : '';
  if (!/^(?:deep_?merge|merge_?deep)/i.test(text)) return undefined;
  const known = outcomes.length === 1 && outcomes[0]?.kind === 'primitive';
  return known
    ? undefined
    : callExternal(
        evaluation,
        { kind: 'external', node, packageName: 'payload', name: 'deepMergeSimple' },
        args,
        node,
      );
}
