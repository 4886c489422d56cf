/** The names that statements declare. */
import { ts } from '../typescript.js';
import type { Evaluation } from './evaluation.js';
import { propertyName } from './properties.js';
import { type Lazy, lazy, object, plain, primitive, type Scope, unresolved, type Value } from './value.js';

/** Binds the names of functions, enums, classes and imports: those that are there before a statement runs. */
export function declare(evaluation: Evaluation, statements: readonly ts.Statement[], scope: Scope): void {
  for (const statement of statements) {
    if (ts.isFunctionDeclaration(statement) && statement.name && statement.body) {
      scope.names.set(statement.name.text, { get: () => ({ kind: 'function', node: statement, scope }) });
    } else if (ts.isEnumDeclaration(statement)) {
      scope.names.set(statement.name.text, {
        get: lazy(statement, () => enumValue(evaluation, statement, scope)),
      });
    } else if (ts.isClassDeclaration(statement) && statement.name) {
      scope.names.set(statement.name.text, { get: () => unresolved(statement, 'it is a class') });
    } else if (ts.isImportDeclaration(statement) && ts.isStringLiteral(statement.moduleSpecifier)) {
      declareImport(evaluation, statement, statement.moduleSpecifier.text, scope);
    }
  }
}

function declareImport(
  evaluation: Evaluation,
  statement: ts.ImportDeclaration,
  specifier: string,
  scope: Scope,
): void {
  const clause = statement.importClause;
  if (!clause || clause.isTypeOnly) return;
  const from = statement.getSourceFile().fileName;
  if (clause.name) {
    scope.names.set(clause.name.text, evaluation.importBinding(specifier, from, 'default', clause.name));
  }
  if (clause.namedBindings && ts.isNamespaceImport(clause.namedBindings)) {
    scope.names.set(
      clause.namedBindings.name.text,
      evaluation.importBinding(specifier, from, '*', clause.namedBindings),
    );
  } else if (clause.namedBindings) {
    for (const element of clause.namedBindings.elements) {
      if (element.isTypeOnly) continue;
      const imported = (element.propertyName ?? element.name).text;
      scope.names.set(element.name.text, evaluation.importBinding(specifier, from, imported, element));
    }
  }
}

function enumValue(evaluation: Evaluation, declaration: ts.EnumDeclaration, scope: Scope): Value {
  return object(declaration, () => {
    const entries = new Map<string, Lazy>();
    const inner: Scope = { names: new Map(), parent: scope };
    let next: number | undefined = 0;
    for (const member of declaration.members) {
      const name = propertyName(evaluation, member.name, scope);
      if (name === undefined) continue;
      let value: Value;
      if (member.initializer) {
        value = evaluation.evaluate(member.initializer, inner);
        const number = plain(value);
        next = typeof number === 'number' ? number + 1 : undefined;
      } else {
        value = primitive(member, next);
        if (next !== undefined) next++;
      }
      inner.names.set(name, { get: () => value });
      entries.set(name, () => value);
    }
    return { entries, gaps: [] };
  });
}
