/** Servers of a site's own that have Next answer, and the cache of responses in front of it. */
import { ts } from '../inspect/typescript.js';
import { asObject, unwrapped, writtenValue } from '../inspect/written-value.js';
import { nodeIn } from '../plan/config/exported-object.js';
import { importOf, parseRoute, RESPONSES_MODULE } from '../plan/responses/route-file.js';

/** The middleware of {@link RESPONSES_MODULE}. */
const MIDDLEWARE = 'expressCache';
/** What makes the handler of Next. */
const HANDLER = 'getRequestHandler';

/**
 * The call that puts the middleware in front of Next, without a list of headers: Next copies all of them, so that nothing of
 * it is kept. `undefined` where it stands there otherwise, or cannot be told to.
 */
export function blindMiddleware(text: string, path: string): ts.CallExpression | undefined {
  if (!text.includes(MIDDLEWARE) || !text.includes(HANDLER)) return undefined;
  const source = parseRoute(text, path);
  const isNext = source.statements.some(
    (statement) =>
      ts.isImportDeclaration(statement) &&
      ts.isStringLiteral(statement.moduleSpecifier) &&
      statement.moduleSpecifier.text === 'next' &&
      statement.importClause?.name !== undefined,
  );
  if (!isNext || !importOf(source, RESPONSES_MODULE, MIDDLEWARE)) return undefined;
  const isBlind = (node: ts.Node): node is ts.CallExpression =>
    isCallOf(node, MIDDLEWARE) && listsNoHeaders(node) && isInFront(source, node);
  const found = nodeIn(source, isBlind);
  return found && isBlind(found) ? found : undefined;
}

const isCallOf = (node: ts.Node, name: string): node is ts.CallExpression =>
  ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === name;

/** Whether its policy is written out, and has no `headers`. */
function listsNoHeaders({ arguments: [policy] }: ts.CallExpression): boolean {
  if (!policy) return true;
  const written = asObject(writtenValue(unwrapped(policy)));
  return written?.members.every(({ name }) => name !== undefined && name !== 'headers') ?? false;
}

/** Whether all requests go through it: as `server.use(…)` has it without a path, or called with what comes after it. */
function isInFront(source: ts.SourceFile, call: ts.CallExpression): boolean {
  if (isUsedForAll(call)) return true;
  const { parent } = call;
  if (!ts.isVariableDeclaration(parent) || !ts.isIdentifier(parent.name)) return false;
  const { text } = parent.name;
  const isHere = (node: ts.Node): boolean =>
    (ts.isIdentifier(node) && node.text === text && isUsedForAll(node)) ||
    (isCallOf(node, text) && node.arguments.length === 3);
  return nodeIn(source, isHere) !== undefined;
}

function isUsedForAll({ parent }: ts.Node): boolean {
  return (
    ts.isCallExpression(parent) &&
    parent.arguments.length === 1 &&
    ts.isPropertyAccessExpression(parent.expression) &&
    parent.expression.name.text === 'use'
  );
}
