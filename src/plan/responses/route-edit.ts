/**
 * The edit of a route of Payload's: its handler is wrapped, so that responses are answered from the cache. Two splices
 * around what is there and the imports; what is not written as Payload's template writes it is left, with the lines.
 */

import type { CodeStyle } from '../../inspect/code-style.js';
import { syntaxErrors } from '../../inspect/syntax.js';
import { ts } from '../../inspect/typescript.js';
import type { TransformResult } from '../plan.js';
import { fileStyle } from '../text/file-style.js';
import { mentions } from '../text/identifiers.js';
import { restyle } from '../text/restyle.js';
import { applyEdits, type Edit, lineAt, skipSameLineTrivia } from '../text/splice.js';
import {
  declaredElsewhere,
  exportedConst,
  GRAPHQL,
  importOf,
  isRouteFile,
  namespaceImportOf,
  type PayloadHandler,
  parseRoute,
  RESPONSES_MODULE,
  ROUTES_MODULE,
  staticAnswer,
  WRAPPER,
  wrappingCall,
} from './route-file.js';

/** Whether a file makes that handler, or does something else with the function that does. */
export function hasHandler(text: string, path: string, { maker }: PayloadHandler): boolean {
  return text.includes(ROUTES_MODULE) && mentions(parseRoute(text, path), maker);
}

/** Whether the handler is wrapped, in whichever way. */
export function isWrapped(text: string, path: string, handler: PayloadHandler): boolean {
  return text.includes(RESPONSES_MODULE) && wrappingCall(parseRoute(text, path), handler) !== undefined;
}

/** Wraps one handler of a route file; a file that does not make it, or has it wrapped, stays. */
export function wrapHandler(
  text: string,
  path: string,
  handler: PayloadHandler,
  projectStyle: CodeStyle,
): TransformResult {
  if (!hasHandler(text, path, handler) || isWrapped(text, path, handler))
    return { ok: true, content: text, modified: false };
  const source = parseRoute(text, path);
  const { method, maker, policy } = handler;
  const style = fileStyle(text, path, projectStyle);
  const styled = (code: string) => restyle(code, { ...style, lineEnding: '\n' });
  const needsGraphQL = handler === GRAPHQL;
  const graphql = needsGraphQL ? namespaceImportOf(source, 'graphql', 'graphql') : undefined;
  const wrapper = importOf(source, RESPONSES_MODULE, WRAPPER);
  const imports = [
    ...(needsGraphQL && !graphql ? [styled(`import * as graphql from 'graphql';`)] : []),
    ...(wrapper ? [] : [styled(`import { ${WRAPPER} } from '${RESPONSES_MODULE}';`)]),
  ];
  const declaration = exportedConst(source, method);
  const refuse = (reason: string, at?: ts.Node): TransformResult => ({
    ok: false,
    reason,
    ...(at ? { line: lineAt(text, at.getStart()) } : {}),
    paste: [
      ...imports,
      ...(imports.length > 0 ? [''] : []),
      styled(`export const ${method} = ${WRAPPER}(${maker}(config), ${policy});`),
    ].join('\n'),
  });

  const [broken] = syntaxErrors(source);
  if (broken)
    return { ...refuse('It cannot be parsed.'), line: lineAt(text, broken.start) } as TransformResult;
  if (!isRouteFile(path)) return refuse('By its name it is no route handler of Next.');
  const imported = importOf(source, ROUTES_MODULE, maker);
  if (!imported) return refuse(`It does not import \`${maker}\` by this very name from ${ROUTES_MODULE}.`);
  const other = declaredElsewhere(source, maker, imported);
  if (other) return refuse(`It has a \`${maker}\` of its own.`, other);
  const made = declaration?.initializer;
  if (!declaration || !made || !isMadeBy(made, maker))
    return refuse(
      `\`${method}\` is not exported as \`export const ${method} = ${maker}(config)\`.`,
      declaration,
    );
  const again = declaredElsewhere(source, method, declaration);
  if (again) return refuse(`It names \`${method}\` more than once.`, again);
  const built = staticAnswer(source);
  if (built) return refuse('Next answers it by what it has built, and would never ask the cache.', built);
  const taken =
    declaredElsewhere(source, WRAPPER, wrapper) ??
    (needsGraphQL ? declaredElsewhere(source, 'graphql', graphql) : undefined);
  if (taken) return refuse(`It has a \`${taken.getText()}\` of its own.`, taken);

  const content = applyEdits(text, [
    ...importsAfterLast(text, source, imports, style),
    { start: made.getStart(), end: made.getStart(), text: `${WRAPPER}(` },
    { start: made.end, end: made.end, text: `, ${styled(policy)})` },
  ]);
  // What shares a line with an import, and the like, is not worth a wrong guess.
  const after = parseRoute(content, path);
  return syntaxErrors(after).length === 0 && wrappingCall(after, handler)
    ? { ok: true, content, modified: true }
    : refuse('It is written in a way that cannot be edited safely.', made);
}

/** `REST_GET(config)`, and nothing around it. */
function isMadeBy(node: ts.Expression, maker: string): boolean {
  if (!ts.isCallExpression(node) || node.questionDotToken || node.typeArguments) return false;
  const [config, ...others] = node.arguments;
  return (
    ts.isIdentifier(node.expression) &&
    node.expression.text === maker &&
    config !== undefined &&
    ts.isIdentifier(config) &&
    others.length === 0
  );
}

/** Imports below the last one, and below what is said of it on its line. There is one: that of the handler. */
function importsAfterLast(
  text: string,
  source: ts.SourceFile,
  imports: readonly string[],
  { lineEnding }: CodeStyle,
): Edit[] {
  const last = source.statements.filter(ts.isImportDeclaration).at(-1);
  if (!last || imports.length === 0) return [];
  const at = skipSameLineTrivia(text, last.end);
  return [{ start: at, end: at, text: imports.map((line) => lineEnding + line).join('') }];
}
