/** Objects with a `then`: what they resolve to. */
import { ts } from '../typescript.js';
import type { Evaluation } from './evaluation.js';
import { DEEPEST_THENABLE } from './limits.js';
import { choice, type FunctionValue, primitive, unresolved, type Value } from './value.js';

/** What a thenable resolves to. Where one call of `resolve` cannot be seen, nothing is certain of the others. */
export function awaited(evaluation: Evaluation, value: Value, node: ts.Node, level = 0): Value {
  if (value.kind === 'choice')
    return choice(
      node,
      value.options.map((option) => awaited(evaluation, option, node, level)),
    );
  const then = value.kind === 'object' ? value.entries().get('then')?.() : undefined;
  if (!then) return value;
  const unseen = unresolved(value.node, 'it is a thenable, and what its `then` resolves to is not certain');
  const sites = then.kind === 'function' ? resolvingCalls(then.node) : undefined;
  if (then.kind !== 'function' || !sites || level >= DEEPEST_THENABLE) return unseen;
  const outcomes: Value[] = [];
  const seen = new Set<ts.Node>();
  const resolve: FunctionValue = {
    ...then,
    run([outcome], at) {
      outcomes.push(outcome?.() ?? primitive(at, undefined));
      seen.add(at);
      return primitive(at, undefined);
    },
  };
  const reject: FunctionValue = { ...then, run: (_args, at) => primitive(at, undefined) };
  evaluation.call(then, [() => resolve, () => reject], node);
  if (outcomes.length === 0 || sites.some((site) => !seen.has(site))) return unseen;
  return choice(
    node,
    outcomes.map((outcome) => awaited(evaluation, outcome, node, level + 1)),
  );
}

/** Whether an object literal has a `then` written in it. Looking into others would fill them before their time. */
export function hasThen({ node, kind }: Value): boolean {
  return (
    kind === 'object' &&
    ts.isObjectLiteralExpression(node) &&
    node.properties.some(({ name }) => name !== undefined && /^(['"]?)then\1$/.test(name.getText()))
  );
}

/**
 * The calls in a `then` that resolve it: of its first parameter, or of the `then` of another promise that it is handed
 * to. `undefined` where the parameter goes anywhere else.
 */
function resolvingCalls(then: ts.SignatureDeclaration): ts.Node[] | undefined {
  const [parameter] = then.parameters;
  const { body } = then as ts.FunctionLikeDeclaration;
  if (!parameter || !ts.isIdentifier(parameter.name) || !body) return undefined;
  const name = parameter.name.text;
  const calls: ts.Node[] = [];
  let escapes = false;
  function visit(node: ts.Node): void {
    if (ts.isIdentifier(node) && node.text === name && !isMemberName(node)) {
      const outer = ts.isSpreadElement(node.parent) ? node.parent : node;
      const { parent } = outer;
      const isCalled = ts.isCallExpression(parent) && parent.expression === outer;
      const isHandedOn =
        ts.isCallExpression(parent) &&
        ts.isPropertyAccessExpression(parent.expression) &&
        parent.expression.name.text === 'then';
      if (isCalled || isHandedOn) calls.push(parent);
      else escapes = true;
    }
    ts.forEachChild(node, visit);
  }
  visit(body);
  return escapes ? undefined : calls;
}

function isMemberName(node: ts.Identifier): boolean {
  const { parent } = node;
  return (ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent)) && parent.name === node;
}
