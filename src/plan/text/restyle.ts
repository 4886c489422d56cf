/**
 * Writes the tool's own code in the user's hand. Templates are written in one style (single quotes, semicolons, two
 * spaces, commas at the end); the scanner finds the tokens, everything else stays.
 */

import type { CodeStyle } from '../../inspect/code-style.js';
import { ts } from '../../inspect/typescript.js';
import { quote } from './literal.js';
import { applyEdits, type Edit } from './splice.js';

/** Rewrites code of ours from the templates' style into the project's. */
export function restyle(code: string, style: CodeStyle): string {
  const source = ts.createSourceFile('code.ts', code, ts.ScriptTarget.Latest, true);
  const edits: Edit[] = [];

  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) && style.quotes === 'double') {
      edits.push({ start: node.getStart(source), end: node.getEnd(), text: quote(node.text, style.quotes) });
    }
    if (!style.semicolons && endsInSemicolon(node) && code[node.getEnd() - 1] === ';') {
      edits.push({ start: node.getEnd() - 1, end: node.getEnd(), text: '' });
    }
    if (!style.trailingCommas) {
      const list = listOf(node);
      if (list?.hasTrailingComma) edits.push({ start: list.end - 1, end: list.end, text: '' });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);

  const text = applyEdits(code, edits);
  return indented(text, style.indent).split('\n').join(style.lineEnding);
}

function endsInSemicolon(node: ts.Node): boolean {
  return (
    (ts.isStatement(node) && !ts.isBlock(node)) || ts.isTypeElement(node) || ts.isPropertyDeclaration(node)
  );
}

function listOf(node: ts.Node): ts.NodeArray<ts.Node> | undefined {
  if (ts.isObjectLiteralExpression(node)) return node.properties;
  if (ts.isArrayLiteralExpression(node) || ts.isNamedImports(node) || ts.isNamedExports(node))
    return node.elements;
  if (ts.isCallExpression(node)) return node.arguments;
  if (ts.isFunctionLike(node)) return node.parameters;
  return undefined;
}

function indented(code: string, indent: string): string {
  if (indent === '  ') return code;
  return code.replace(/^(?: {2})+/gm, (spaces) => indent.repeat(spaces.length / 2));
}
