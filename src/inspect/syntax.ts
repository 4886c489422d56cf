/** What is asked of syntax as it is written, before anything is evaluated. */
import { ts } from './typescript.js';

/** The expression without parentheses and type annotations around it. */
export function unwrap(node: ts.Expression): ts.Expression {
  let at = node;
  while (
    ts.isParenthesizedExpression(at) ||
    ts.isAsExpression(at) ||
    ts.isSatisfiesExpression(at) ||
    ts.isTypeAssertionExpression(at) ||
    ts.isNonNullExpression(at)
  ) {
    at = at.expression;
  }
  return at;
}

/** The names that a pattern binds. */
export function namesOf(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : namesOf(element.name)));
}

/** The node's text on one line, at most 80 characters. */
export function shorten(node: ts.Node): string {
  const start = ts.isVariableDeclaration(node) && node.initializer ? node.initializer : node;
  const text = start.getText().replaceAll(/\s+/g, ' ');
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** The syntax errors that the parser met. They are on the node, though not in its public type. */
export function syntaxErrors(source: ts.SourceFile): ts.DiagnosticWithLocation[] {
  return (source as unknown as { parseDiagnostics?: ts.DiagnosticWithLocation[] }).parseDiagnostics ?? [];
}
