/** Identifiers of a source file, as far as they stand for something: the names of properties do not. */
import { ts } from '../../inspect/typescript.js';

/** Whether a file has a name anywhere, but as the name of a property. */
export function mentions(source: ts.SourceFile, name: string): boolean {
  let found = false;
  const visit = (node: ts.Node): void => {
    if (isUse(node, name)) found = true;
    if (!found) ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Whether a node is a name that stands for a value, not for the name of a property. */
export function isUse(node: ts.Node, name: string): boolean {
  return ts.isIdentifier(node) && node.text === name && !isPropertyName(node);
}

/** Whether an identifier is the name of a property, given or read. */
export function isPropertyName(node: ts.Identifier): boolean {
  const { parent } = node;
  return (
    (ts.isPropertyAssignment(parent) && parent.name === node) ||
    (ts.isPropertyAccessExpression(parent) && parent.name === node)
  );
}
