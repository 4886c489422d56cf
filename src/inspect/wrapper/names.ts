/** What the names in a wrapper stand for: imports of the package, and constants of the file itself. */

import { propertyName } from '../property-name.js';
import { ts } from '../typescript.js';
import { unwrapped } from '../written-value.js';

/** A part of the wrapper that is not written literally. */
export interface UnreadPart {
  /** E.g. `collections`, `collections.posts.ttl`, `store`. */
  path: string;
  expression: string;
  line: number;
}

/** A property: its value and the place to name. */
export interface Property {
  value: ts.Expression;
  at: ts.Node;
}

/** A wrapper whose names can be followed. */
export interface WrapperNames {
  /** Each call of the package's `payloadKV`, by whichever name it's imported. */
  calls: ts.CallExpression[];
  /** Relative modules that it imports, as written. */
  relativeImports: { specifier: string; line: number }[];
  /** What could not be followed, in the order in which it was met. */
  unread: UnreadPart[];
  leaveUnread(where: string, node: ts.Node): void;
  /** Line of a node, counted from 1. */
  lineOf(node: ts.Node): number;
  /** A node's text on one line, shortened. */
  oneLine(node: ts.Node): string;
  /** The package's function that is called; `undefined` for what is not of this package. */
  factoryOf(call: ts.CallExpression): string | undefined;
  /** What a name, a cast or a pair of parentheses stands for. */
  resolve(node: ts.Expression): ts.Expression;
  /** Properties of an object literal, with those that are spread into it; what is no plain property is left unread. */
  properties(node: ts.Expression, where: string): Map<string, Property>;
}

/** Most names in a row that are followed: a name that stands for itself ends there. */
const MOST_NAMES = 10;
/** Most characters of an expression that are shown. */
const LONGEST_EXPRESSION = 60;

/** Learns the names of a wrapper. */
export function wrapperNames(source: ts.SourceFile): WrapperNames {
  const imported = new Map<string, string>();
  const constants = new Map<string, ts.Expression>();
  const names: WrapperNames = {
    calls: [],
    relativeImports: [],
    unread: [],
    leaveUnread(where, node) {
      names.unread.push({ path: where, expression: names.oneLine(node), line: names.lineOf(node) });
    },
    lineOf: (node) => source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1,
    oneLine: (node) => node.getText(source).replace(/\s+/g, ' ').slice(0, LONGEST_EXPRESSION),
    factoryOf: ({ expression }) => (ts.isIdentifier(expression) ? imported.get(expression.text) : undefined),
    resolve: (node) => resolve(node),
    properties,
  };
  collect(source);
  return names;

  function collect(node: ts.Node): void {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier))
      noteImport(node, node.moduleSpecifier.text);
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer) {
      constants.set(node.name.text, node.initializer);
    }
    if (ts.isCallExpression(node) && names.factoryOf(node) === 'payloadKV') names.calls.push(node);
    ts.forEachChild(node, collect);
  }

  function noteImport(node: ts.ImportDeclaration, specifier: string): void {
    if (specifier.startsWith('.')) names.relativeImports.push({ specifier, line: names.lineOf(node) });
    const bindings = node.importClause?.namedBindings;
    if (!/^payload-kv(\/|$)/.test(specifier) || !bindings || !ts.isNamedImports(bindings)) return;
    for (const element of bindings.elements) {
      imported.set(element.name.text, (element.propertyName ?? element.name).text);
    }
  }

  function resolve(node: ts.Expression, depth = 0): ts.Expression {
    const value = unwrapped(node);
    const constant = ts.isIdentifier(value) && depth < MOST_NAMES ? constants.get(value.text) : undefined;
    return constant ? resolve(constant, depth + 1) : value;
  }

  function properties(node: ts.Expression, where: string): Map<string, Property> {
    const found = new Map<string, Property>();
    const object = resolve(node);
    if (!ts.isObjectLiteralExpression(object)) {
      names.leaveUnread(where, node);
      return found;
    }
    for (const property of object.properties) {
      const name = property.name && propertyName(property.name);
      if (ts.isShorthandPropertyAssignment(property)) {
        found.set(property.name.text, { value: property.name, at: property });
      } else if (ts.isPropertyAssignment(property) && name !== undefined) {
        found.set(name, { value: property.initializer, at: property });
      } else if (
        ts.isSpreadAssignment(property) &&
        ts.isObjectLiteralExpression(resolve(property.expression))
      ) {
        for (const [key, value] of properties(property.expression, where)) found.set(key, value);
      } else if (!ts.isMethodDeclaration(property)) {
        names.leaveUnread(where, property);
      }
    }
    return found;
  }
}
