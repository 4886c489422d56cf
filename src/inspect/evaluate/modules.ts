/** Files as modules: what they export, and where imports lead. */

import { namesOf, unwrap } from '../syntax.js';
import { ts } from '../typescript.js';
import type { Evaluation } from './evaluation.js';
import type { Module } from './evaluator.js';
import { property } from './properties.js';
import { declareTopLevel } from './top-level.js';
import {
  type Binding,
  type Lazy,
  lazy,
  object,
  primitive,
  type Scope,
  unresolved,
  type Value,
} from './value.js';

/** The module of a file: its names and exports, of which nothing is evaluated yet. */
export function load(evaluation: Evaluation, file: string): Module {
  const known = evaluation.modules.get(file);
  if (known) return known;
  const source = evaluation.files.parse(file);
  const scope: Scope = { names: new Map() };
  const exports = new Map<string, () => Binding | undefined>();
  const stars: string[] = [];
  const module: Module = {
    path: file,
    source,
    scope,
    start() {},
    exported(name) {
      const own = exports.get(name);
      if (own) return own();
      const { wholeExport } = module;
      if (wholeExport && name === 'default') return wholeExport;
      if (wholeExport) {
        const value = lazy(source, () => property(evaluation, wholeExport.get(), name, source));
        return { get: value };
      }
      // `export *` leaves the default export out.
      if (name === 'default') return undefined;
      for (const specifier of stars) {
        const target = evaluation.files.resolve(specifier, file);
        if (target.kind !== 'file' || evaluation.resolving.has(`${target.path} ${name}`)) continue;
        evaluation.resolving.add(`${target.path} ${name}`);
        const found = load(evaluation, target.path).exported(name);
        evaluation.resolving.delete(`${target.path} ${name}`);
        if (found) return found;
      }
      return undefined;
    },
  };
  evaluation.modules.set(file, module);
  if (/\.json$/.test(file)) {
    const statement = source.statements[0];
    if (statement && ts.isExpressionStatement(statement)) {
      exports.set('default', () => expressionBinding(evaluation, statement.expression, scope));
    }
    return module;
  }
  module.start = declareTopLevel(evaluation, source.statements, scope);
  for (const statement of source.statements) addExports(evaluation, statement, module, exports, stars);
  return module;
}

function addExports(
  evaluation: Evaluation,
  statement: ts.Statement,
  module: Module,
  exports: Map<string, () => Binding | undefined>,
  stars: string[],
): void {
  const { scope, path: file } = module;
  if (ts.isExpressionStatement(statement)) {
    addCommonExports(evaluation, unwrap(statement.expression), module, exports);
    return;
  }
  if (ts.isExportAssignment(statement)) {
    const binding = expressionBinding(evaluation, statement.expression, scope);
    exports.set('default', () => binding);
    return;
  }
  if (ts.isExportDeclaration(statement)) {
    const specifier =
      statement.moduleSpecifier && ts.isStringLiteral(statement.moduleSpecifier)
        ? statement.moduleSpecifier.text
        : undefined;
    if (!statement.exportClause) {
      if (specifier !== undefined) stars.push(specifier);
    } else if (ts.isNamespaceExport(statement.exportClause)) {
      const node = statement.exportClause;
      exports.set(node.name.text, () => importBinding(evaluation, specifier ?? '', file, '*', node));
    } else {
      for (const element of statement.exportClause.elements) {
        const local = (element.propertyName ?? element.name).text;
        exports.set(element.name.text, () =>
          specifier === undefined
            ? scope.names.get(local)
            : importBinding(evaluation, specifier, file, local, element),
        );
      }
    }
    return;
  }
  const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
  if (!modifiers.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword)) return;
  const isDefault = modifiers.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword);
  if (ts.isVariableStatement(statement)) {
    for (const declaration of statement.declarationList.declarations) {
      for (const name of namesOf(declaration.name)) exports.set(name, () => scope.names.get(name));
    }
  } else if (
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isEnumDeclaration(statement)
  ) {
    if (isDefault && ts.isFunctionDeclaration(statement)) {
      exports.set('default', () => ({ get: () => ({ kind: 'function', node: statement, scope }) }));
    } else if (statement.name) {
      const { text } = statement.name;
      exports.set(text, () => scope.names.get(text));
    }
  }
}

/** `module.exports = …`, `exports.name = …`, `module.exports.name = …`. */
function addCommonExports(
  evaluation: Evaluation,
  node: ts.Expression,
  module: Module,
  exports: Map<string, () => Binding | undefined>,
): void {
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.EqualsToken) return;
  const target = node.left.getText();
  const name = /^(?:module\.)?exports\.([\w$]+)$/.exec(target)?.[1];
  if (target !== 'module.exports' && name === undefined) return;
  const binding = expressionBinding(evaluation, node.right, module.scope);
  if (name === undefined) module.wholeExport = binding;
  else exports.set(name, () => binding);
}

function expressionBinding(evaluation: Evaluation, node: ts.Expression, scope: Scope): Binding {
  return { get: lazy(node, () => evaluation.evaluate(node, scope)), target: () => ({ node, scope }) };
}

/** What an import of `name` is bound to, `*` being all exports. */
export function importBinding(
  evaluation: Evaluation,
  specifier: string,
  from: string,
  name: string,
  node: ts.Node,
): Binding {
  const target = evaluation.files.resolve(specifier, from);
  if (target.kind === 'missing') {
    return { get: () => unresolved(node, `the module '${specifier}' was not found`) };
  }
  if (target.kind === 'package') {
    return {
      get: () => ({ kind: 'external', node, packageName: specifierOf(target.name, specifier), name }),
    };
  }
  if (name === '*') return { get: lazy(node, () => namespaceValue(evaluation, target.path, node)) };
  function found(): Binding | undefined {
    const key = `${target.kind === 'file' ? target.path : ''} ${name}`;
    if (evaluation.resolving.has(key)) return undefined;
    evaluation.resolving.add(key);
    try {
      return target.kind === 'file' ? load(evaluation, target.path).exported(name) : undefined;
    } finally {
      evaluation.resolving.delete(key);
    }
  }
  return {
    get: lazy(
      node,
      () => found()?.get() ?? unresolved(node, `'${specifier}' has no export called '${name}'`),
    ),
    target: () => found()?.target?.(),
  };
}

/** Payload's own subpaths matter (`payload/config` is of version 2), those of others do not. */
function specifierOf(name: string, specifier: string): string {
  return name === 'payload' && specifier.startsWith('payload/') ? specifier : name;
}

function namespaceValue(evaluation: Evaluation, file: string, node: ts.Node): Value {
  const module = load(evaluation, file);
  return object(node, () => {
    const entries = new Map<string, Lazy>();
    for (const name of exportNames(evaluation, file, new Set())) {
      entries.set(name, () => module.exported(name)?.get() ?? primitive(node, undefined));
    }
    return { entries, gaps: [] };
  });
}

function exportNames(evaluation: Evaluation, file: string, seen: Set<string>): string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  const names: string[] = [];
  for (const statement of load(evaluation, file).source.statements) {
    if (ts.isExportAssignment(statement)) names.push('default');
    else if (ts.isExpressionStatement(statement)) {
      const name = /^(?:module\.)?exports\.([\w$]+)\s*=[^=]/.exec(statement.getText())?.[1];
      if (name !== undefined) names.push(name);
    } else if (ts.isExportDeclaration(statement)) {
      if (statement.exportClause && ts.isNamedExports(statement.exportClause)) {
        names.push(...statement.exportClause.elements.map((element) => element.name.text));
      } else if (statement.exportClause) {
        names.push(statement.exportClause.name.text);
      } else if (statement.moduleSpecifier && ts.isStringLiteral(statement.moduleSpecifier)) {
        const target = evaluation.files.resolve(statement.moduleSpecifier.text, file);
        if (target.kind === 'file') {
          names.push(...exportNames(evaluation, target.path, seen).filter((name) => name !== 'default'));
        }
      }
    } else if (ts.canHaveModifiers(statement)) {
      const modifiers = ts.getModifiers(statement) ?? [];
      if (!modifiers.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword)) continue;
      if (modifiers.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword)) names.push('default');
      else if (ts.isVariableStatement(statement)) {
        for (const declaration of statement.declarationList.declarations)
          names.push(...namesOf(declaration.name));
      } else if (
        (ts.isFunctionDeclaration(statement) || ts.isEnumDeclaration(statement)) &&
        statement.name !== undefined
      ) {
        names.push(statement.name.text);
      }
    }
  }
  return names;
}
