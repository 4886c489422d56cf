/**
 * Evaluates the expressions of a Payload config statically, to plain values, without running anything of the project:
 * identifiers, imports, spreads, helper functions, array methods, statements that push or assign. A condition that is
 * not known makes a choice of both outcomes; what cannot be evaluated becomes an unresolved value that says why.
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ts } from 'ts-morph';
import { callExternal, callMethod } from './known-calls.js';
import { officialConstant } from './official-plugins.js';
import type { SourceFiles } from './source-files.js';
import {
  array,
  type Binding,
  choice,
  type FunctionValue,
  type Lazy,
  lazy,
  nullish,
  type ObjectValue,
  object,
  plain,
  primitive,
  type Scope,
  truthy,
  unresolved,
  type Value,
} from './value.js';

/** A parsed file with the names of its top level and its exports. */
export interface Module {
  path: string;
  source: ts.SourceFile;
  scope: Scope;
  /** The export, following re-exports. */
  exported(name: string): Binding | undefined;
  /** What a CommonJS file assigns to `module.exports`. */
  wholeExport?: Binding;
}

/** Evaluates expressions of the project's files. */
export interface Evaluator {
  load(file: string): Module;
  evaluate(node: ts.Expression, scope: Scope): Value;
  /** The value of a property; `undefined` as a primitive where there is none. */
  property(value: Value, name: string, node: ts.Node): Value;
  call(callee: Value, args: Lazy[], node: ts.Node): Value;
  /** What `await` gives: the value itself, or what its `then` resolves to. */
  awaited(value: Value, node: ts.Node): Value;
  /** The first expression that is no mere name, behind constants and imports. */
  follow(node: ts.Expression, scope: Scope): { node: ts.Expression; scope: Scope };
  /** The elements of an array, spreads resolved; an unresolved value for what is none. */
  spreadItems(value: Value): Value[];
  /** One object of several that a condition chooses from: where they differ, a choice. */
  asOne(options: ObjectValue[], node: ts.Node): ObjectValue;
  files: SourceFiles;
}

/** How far one statement list ran. */
type Completion = { returned?: Value; scope: Scope; pending: Value[] };

const MOST_CALLS = 50_000;
const DEEPEST_CALL = 120;
const DEEPEST_NESTING = 400;
const DEEPEST_THENABLE = 5;
const TOO_DEEP = 'the calls go too deep to follow';

/** Makes an evaluator over the project's files. */
export function createEvaluator(files: SourceFiles): Evaluator {
  const modules = new Map<string, Module>();
  let calls = 0;
  let depth = 0;
  let nesting = 0;

  // ---- modules ------------------------------------------------------------------------------------------------

  function load(file: string): Module {
    const known = modules.get(file);
    if (known) return known;
    const source = files.parse(file);
    const scope: Scope = { names: new Map() };
    const exports = new Map<string, () => Binding | undefined>();
    const stars: string[] = [];
    const module: Module = {
      path: file,
      source,
      scope,
      exported(name) {
        const own = exports.get(name);
        if (own) return own();
        const { wholeExport } = module;
        if (wholeExport && name === 'default') return wholeExport;
        if (wholeExport) {
          const value = lazy(source, () => property(wholeExport.get(), name, source));
          return { get: value };
        }
        // `export *` leaves the default export out.
        if (name === 'default') return undefined;
        for (const specifier of stars) {
          const target = files.resolve(specifier, file);
          if (target.kind !== 'file' || resolving.has(`${target.path} ${name}`)) continue;
          resolving.add(`${target.path} ${name}`);
          const found = load(target.path).exported(name);
          resolving.delete(`${target.path} ${name}`);
          if (found) return found;
        }
        return undefined;
      },
    };
    modules.set(file, module);
    if (/\.json$/.test(file)) {
      const statement = source.statements[0];
      if (statement && ts.isExpressionStatement(statement)) {
        exports.set('default', () => expressionBinding(statement.expression, scope));
      }
      return module;
    }
    declare(source.statements, scope, true);
    for (const statement of source.statements) addExports(statement, module, exports, stars);
    return module;
  }

  /** Pairs of file and export being looked for, as `export *` may go round in circles. */
  const resolving = new Set<string>();

  function addExports(
    statement: ts.Statement,
    module: Module,
    exports: Map<string, () => Binding | undefined>,
    stars: string[],
  ): void {
    const { scope, path: file } = module;
    if (ts.isExpressionStatement(statement)) {
      addCommonExports(unwrap(statement.expression), module, exports);
      return;
    }
    if (ts.isExportAssignment(statement)) {
      const binding = expressionBinding(statement.expression, scope);
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
        exports.set(node.name.text, () => importBinding(specifier ?? '', file, '*', node));
      } else {
        for (const element of statement.exportClause.elements) {
          const local = (element.propertyName ?? element.name).text;
          exports.set(element.name.text, () =>
            specifier === undefined ? scope.names.get(local) : importBinding(specifier, file, local, element),
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
    node: ts.Expression,
    module: Module,
    exports: Map<string, () => Binding | undefined>,
  ): void {
    if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.EqualsToken) return;
    const target = node.left.getText();
    const name = /^(?:module\.)?exports\.([\w$]+)$/.exec(target)?.[1];
    if (target !== 'module.exports' && name === undefined) return;
    const binding = expressionBinding(node.right, module.scope);
    if (name === undefined) module.wholeExport = binding;
    else exports.set(name, () => binding);
  }

  function importBinding(specifier: string, from: string, name: string, node: ts.Node): Binding {
    const target = files.resolve(specifier, from);
    if (target.kind === 'missing') {
      return { get: () => unresolved(node, `the module '${specifier}' was not found`) };
    }
    if (target.kind === 'package') {
      return {
        get: () => ({ kind: 'external', node, packageName: specifierOf(target.name, specifier), name }),
      };
    }
    if (name === '*') return { get: lazy(node, () => namespaceValue(target.path, node)) };
    function found(): Binding | undefined {
      const key = `${target.kind === 'file' ? target.path : ''} ${name}`;
      if (resolving.has(key)) return undefined;
      resolving.add(key);
      try {
        return target.kind === 'file' ? load(target.path).exported(name) : undefined;
      } finally {
        resolving.delete(key);
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

  function namespaceValue(file: string, node: ts.Node): Value {
    const module = load(file);
    return object(node, () => {
      const entries = new Map<string, Lazy>();
      for (const name of exportNames(file, new Set())) {
        entries.set(name, () => module.exported(name)?.get() ?? primitive(node, undefined));
      }
      return { entries, gaps: [] };
    });
  }

  function exportNames(file: string, seen: Set<string>): string[] {
    if (seen.has(file)) return [];
    seen.add(file);
    const names: string[] = [];
    for (const statement of load(file).source.statements) {
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
          const target = files.resolve(statement.moduleSpecifier.text, file);
          if (target.kind === 'file') {
            names.push(...exportNames(target.path, seen).filter((name) => name !== 'default'));
          }
        }
      } else if (ts.canHaveModifiers(statement)) {
        const modifiers = ts.getModifiers(statement) ?? [];
        if (!modifiers.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword)) continue;
        if (modifiers.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword))
          names.push('default');
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

  // ---- declarations -------------------------------------------------------------------------------------------

  /**
   * Binds the names that the statements declare. At the top level of a file values are computed when asked for, with
   * the statements that change them applied; in a function the statements run in order instead.
   */
  function declare(statements: readonly ts.Statement[], scope: Scope, topLevel: boolean): void {
    for (const statement of statements) {
      if (ts.isFunctionDeclaration(statement) && statement.name && statement.body) {
        scope.names.set(statement.name.text, { get: () => ({ kind: 'function', node: statement, scope }) });
      } else if (ts.isEnumDeclaration(statement)) {
        scope.names.set(statement.name.text, { get: lazy(statement, () => enumValue(statement, scope)) });
      } else if (ts.isClassDeclaration(statement) && statement.name) {
        scope.names.set(statement.name.text, { get: () => unresolved(statement, 'it is a class') });
      } else if (topLevel && ts.isVariableStatement(statement)) {
        for (const declaration of statement.declarationList.declarations) {
          declareVariable(declaration, scope, statements);
        }
      } else if (ts.isImportDeclaration(statement) && ts.isStringLiteral(statement.moduleSpecifier)) {
        declareImport(statement, statement.moduleSpecifier.text, scope);
      }
    }
  }

  function declareVariable(
    declaration: ts.VariableDeclaration,
    scope: Scope,
    statements: readonly ts.Statement[],
  ): void {
    const { initializer } = declaration;
    const base = lazy(declaration, () =>
      initializer ? evaluate(initializer, scope) : primitive(declaration, undefined),
    );
    if (!ts.isIdentifier(declaration.name)) {
      bindPattern(declaration.name, base, scope);
      return;
    }
    const name = declaration.name.text;
    const changes = statements.filter((statement) => changesOf(statement, name));
    let applied = changes.length === 0;
    let latest: Value | undefined;
    scope.names.set(name, {
      get() {
        if (applied) return latest ?? base();
        applied = true;
        latest = base();
        const inner: Scope = { names: new Map([[name, { get: () => latest ?? base() }]]), parent: scope };
        const { scope: after } = run(changes, inner);
        latest = lookup(name, after)?.get() ?? latest;
        return latest;
      },
      target: () =>
        initializer && !changes.some((each) => reassigns(each, name))
          ? { node: initializer, scope }
          : undefined,
    });
  }

  function declareImport(statement: ts.ImportDeclaration, specifier: string, scope: Scope): void {
    const clause = statement.importClause;
    if (!clause || clause.isTypeOnly) return;
    const from = statement.getSourceFile().fileName;
    if (clause.name) {
      scope.names.set(clause.name.text, importBinding(specifier, from, 'default', clause.name));
    }
    if (clause.namedBindings && ts.isNamespaceImport(clause.namedBindings)) {
      scope.names.set(
        clause.namedBindings.name.text,
        importBinding(specifier, from, '*', clause.namedBindings),
      );
    } else if (clause.namedBindings) {
      for (const element of clause.namedBindings.elements) {
        if (element.isTypeOnly) continue;
        const imported = (element.propertyName ?? element.name).text;
        scope.names.set(element.name.text, importBinding(specifier, from, imported, element));
      }
    }
  }

  function enumValue(declaration: ts.EnumDeclaration, scope: Scope): Value {
    return object(declaration, () => {
      const entries = new Map<string, Lazy>();
      const inner: Scope = { names: new Map(), parent: scope };
      let next: number | undefined = 0;
      for (const member of declaration.members) {
        const name = propertyName(member.name, scope);
        if (name === undefined) continue;
        let value: Value;
        if (member.initializer) {
          value = evaluate(member.initializer, inner);
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

  function bindPattern(pattern: ts.BindingName, value: Lazy, scope: Scope): void {
    if (ts.isIdentifier(pattern)) {
      scope.names.set(pattern.text, { get: value });
      return;
    }
    const taken: string[] = [];
    pattern.elements.forEach((element, index) => {
      if (ts.isOmittedExpression(element)) return;
      let part: Lazy;
      if (ts.isArrayBindingPattern(pattern)) {
        part = element.dotDotDotToken
          ? lazy(element, () => array(element, () => spreadItems(value()).slice(index)))
          : lazy(element, () => spreadItems(value())[index] ?? primitive(element, undefined));
      } else if (element.dotDotDotToken) {
        part = lazy(element, () => without(value(), taken, element));
      } else {
        const named = element.propertyName ?? element.name;
        const name = ts.isIdentifier(named) ? named.text : propertyName(named as ts.PropertyName, scope);
        if (name === undefined) {
          part = () => unresolved(element, 'its key is computed');
        } else {
          taken.push(name);
          part = lazy(element, () => property(value(), name, element));
        }
      }
      const { initializer } = element;
      bindPattern(element.name, initializer ? withDefault(part, initializer, scope) : part, scope);
    });
  }

  function withDefault(part: Lazy, initializer: ts.Expression, scope: Scope): Lazy {
    return lazy(initializer, () => {
      const value = part();
      if (value.kind === 'primitive') {
        return value.value === undefined ? evaluate(initializer, scope) : value;
      }
      if (value.kind === 'unresolved') return choice(initializer, [value, evaluate(initializer, scope)]);
      if (value.kind === 'choice') {
        return choice(
          initializer,
          value.options.map((option) =>
            option.kind === 'primitive' && option.value === undefined ? evaluate(initializer, scope) : option,
          ),
        );
      }
      return value;
    });
  }

  function without(value: Value, names: string[], node: ts.Node): Value {
    if (value.kind !== 'object') return value;
    return object(node, () => {
      const entries = new Map([...value.entries()].filter(([name]) => !names.includes(name)));
      return { entries, gaps: value.gaps() };
    });
  }

  function lookup(name: string, scope: Scope): Binding | undefined {
    for (let at: Scope | undefined = scope; at; at = at.parent) {
      const binding = at.names.get(name);
      if (binding) return binding;
    }
    return undefined;
  }

  function isConditional(scope: Scope): boolean {
    for (let at: Scope | undefined = scope; at; at = at.parent) if (at.conditional) return true;
    return false;
  }

  // ---- expressions --------------------------------------------------------------------------------------------

  function evaluate(node: ts.Expression, scope: Scope): Value {
    return nested(
      () => evaluateExpression(node, scope),
      () => unresolved(node, TOO_DEEP),
    );
  }

  /** Arrays and objects are filled late, so a recursion without end may show here rather than in the calls. */
  function nested<T>(compute: () => T, otherwise: () => T): T {
    if (nesting >= DEEPEST_NESTING) return otherwise();
    nesting++;
    try {
      return compute();
    } finally {
      nesting--;
    }
  }

  function evaluateExpression(node: ts.Expression, scope: Scope): Value {
    if (
      ts.isParenthesizedExpression(node) ||
      ts.isAsExpression(node) ||
      ts.isSatisfiesExpression(node) ||
      ts.isTypeAssertionExpression(node) ||
      ts.isNonNullExpression(node)
    ) {
      return evaluate(node.expression, scope);
    }
    if (ts.isAwaitExpression(node)) {
      const value = evaluate(node.expression, scope);
      return hasThen(value) ? awaited(value, node) : value;
    }
    if (ts.isStringLiteralLike(node)) return primitive(node, node.text);
    if (ts.isNumericLiteral(node)) return primitive(node, Number(node.text));
    if (ts.isIdentifier(node)) return identifier(node, scope);
    if (ts.isObjectLiteralExpression(node)) return objectLiteral(node, scope);
    if (ts.isArrayLiteralExpression(node)) return array(node, () => arrayItems(node, scope));
    if (ts.isArrowFunction(node) || ts.isFunctionExpression(node)) return { kind: 'function', node, scope };
    if (ts.isPropertyAccessExpression(node)) return propertyAccess(node, scope);
    if (ts.isElementAccessExpression(node)) return elementAccess(node, scope);
    if (ts.isCallExpression(node)) return callExpression(node, scope);
    if (ts.isConditionalExpression(node)) return conditional(node, scope);
    if (ts.isBinaryExpression(node)) return binary(node, scope);
    if (ts.isPrefixUnaryExpression(node)) return unary(node, scope);
    if (ts.isTemplateExpression(node)) return template(node, scope);
    if (ts.isVoidExpression(node)) return primitive(node, undefined);
    if (ts.isTypeOfExpression(node)) return typeOf(node, scope);
    if (ts.isMetaProperty(node)) {
      return { kind: 'external', node, packageName: '', name: 'import.meta' };
    }
    switch (node.kind) {
      case ts.SyntaxKind.TrueKeyword:
        return primitive(node, true);
      case ts.SyntaxKind.FalseKeyword:
        return primitive(node, false);
      case ts.SyntaxKind.NullKeyword:
        return primitive(node, null);
      case ts.SyntaxKind.ThisKeyword:
        return unresolved(node, 'it depends on `this`');
      case ts.SyntaxKind.NewExpression:
        return unresolved(node, 'it is made by a class');
      default:
        return unresolved(node, 'it is no value that can be read without running the code');
    }
  }

  function identifier(node: ts.Identifier, scope: Scope): Value {
    const binding = lookup(node.text, scope);
    if (binding) return binding.get();
    switch (node.text) {
      case 'undefined':
        return primitive(node, undefined);
      case '__dirname':
        return primitive(node, path.dirname(node.getSourceFile().fileName));
      case '__filename':
        return primitive(node, node.getSourceFile().fileName);
      default:
        return LANGUAGE_NAMES.has(node.text)
          ? { kind: 'external', node, packageName: '', name: node.text }
          : unresolved(node, `'${node.text}' is not declared where it could be read`);
    }
  }

  function objectLiteral(node: ts.ObjectLiteralExpression, scope: Scope): Value {
    return object(
      node,
      () => {
        const entries = new Map<string, Lazy>();
        const gaps: Value[] = [];
        for (const member of node.properties) {
          if (ts.isSpreadAssignment(member)) {
            spreadInto(entries, gaps, evaluate(member.expression, scope), member);
            continue;
          }
          const name = propertyName(member.name, scope);
          if (name === undefined) {
            gaps.push(unresolved(member, 'its key is computed'));
          } else if (ts.isPropertyAssignment(member)) {
            entries.set(
              name,
              lazy(member.initializer, () => evaluate(member.initializer, scope)),
            );
          } else if (ts.isShorthandPropertyAssignment(member)) {
            entries.set(
              name,
              lazy(member.name, () => identifier(member.name, scope)),
            );
          } else if (ts.isMethodDeclaration(member)) {
            entries.set(name, () => ({ kind: 'function', node: member, scope }));
          } else if (ts.isGetAccessor(member)) {
            entries.set(
              name,
              lazy(member, () => call({ kind: 'function', node: member, scope }, [], member)),
            );
          }
        }
        return { entries, gaps };
      },
      scope,
    );
  }

  function spreadInto(entries: Map<string, Lazy>, gaps: Value[], value: Value, node: ts.Node): void {
    switch (value.kind) {
      case 'object':
        for (const [name, entry] of nested(value.entries, () => new Map<string, Lazy>()))
          entries.set(name, entry);
        gaps.push(...nested(value.gaps, () => [unresolved(value.node, TOO_DEEP)]));
        return;
      case 'primitive':
      case 'function':
        return;
      case 'choice': {
        // Each option on its own, then a choice for every property that differs between them.
        const options = value.options.map((option) => {
          const own = new Map<string, Lazy>();
          spreadInto(own, gaps, option, node);
          return own;
        });
        const names = new Set(options.flatMap((own) => [...own.keys()]));
        for (const name of names) {
          const before = entries.get(name);
          const outcomes = options.map(
            (own) => own.get(name) ?? before ?? (() => primitive(node, undefined)),
          );
          entries.set(
            name,
            lazy(node, () =>
              choice(
                value.node,
                outcomes.map((outcome) => outcome()),
              ),
            ),
          );
        }
        return;
      }
      case 'external': {
        // What a function of a package is given is most of what it gives back, where that is a config.
        const given = (value.args ?? []).map((arg) => arg()).find(isConfigLike);
        if (given) spreadInto(entries, gaps, given, node);
        gaps.push(value);
        return;
      }
      default:
        gaps.push(value);
    }
  }

  function arrayItems(node: ts.ArrayLiteralExpression, scope: Scope): Value[] {
    return node.elements.flatMap((element) => {
      if (ts.isOmittedExpression(element)) return [];
      if (ts.isSpreadElement(element)) return spreadItems(evaluate(element.expression, scope));
      return [evaluate(element, scope)];
    });
  }

  function spreadItems(value: Value): Value[] {
    switch (value.kind) {
      case 'array':
        return nested(value.items, () => [unresolved(value.node, TOO_DEEP)]);
      case 'primitive':
        return typeof value.value === 'string'
          ? [...value.value].map((character) => primitive(value.node, character))
          : [];
      case 'choice':
        return value.options.flatMap((option) =>
          spreadItems(option).map((item) => choice(value.node, [primitive(value.node, undefined), item])),
        );
      case 'object':
        return [unresolved(value.node, 'it is no array')];
      default:
        return [value];
    }
  }

  function propertyName(name: ts.PropertyName, scope: Scope): string | undefined {
    if (ts.isIdentifier(name) || ts.isStringLiteralLike(name) || ts.isNumericLiteral(name)) return name.text;
    if (ts.isComputedPropertyName(name)) {
      const key = plain(evaluate(name.expression, scope));
      return typeof key === 'string' || typeof key === 'number' ? String(key) : undefined;
    }
    return undefined;
  }

  function propertyAccess(node: ts.PropertyAccessExpression, scope: Scope): Value {
    return property(evaluate(node.expression, scope), node.name.text, node);
  }

  function elementAccess(node: ts.ElementAccessExpression, scope: Scope): Value {
    const target = evaluate(node.expression, scope);
    const key = evaluate(node.argumentExpression, scope);
    if (key.kind === 'choice') {
      return choice(
        node,
        key.options.map((option) => property(target, String(plain(option)), node)),
      );
    }
    const name = plain(key);
    if (typeof name !== 'string' && typeof name !== 'number') return unresolved(node, 'its key is computed');
    return property(target, String(name), node);
  }

  function property(value: Value, name: string, node: ts.Node): Value {
    switch (value.kind) {
      case 'object': {
        const entry = value.entries().get(name);
        if (entry) return entry();
        return value.gaps()[0] ?? primitive(node, undefined);
      }
      case 'array': {
        if (name === 'length') {
          const items = value.items();
          return items.every((item) => item.kind !== 'unresolved' && item.kind !== 'choice')
            ? primitive(node, items.length)
            : unresolved(node, 'the length of the array is not known');
        }
        if (/^\d+$/.test(name)) return value.items()[Number(name)] ?? primitive(node, undefined);
        return unresolved(node, `the array's '${name}' is not known`);
      }
      case 'primitive':
        if (typeof value.value === 'string' && name === 'length') return primitive(node, value.value.length);
        // Of an option that may be `true` or an object, what the object would say is asked.
        return value.value === undefined || value.value === null || typeof value.value === 'boolean'
          ? primitive(node, undefined)
          : unresolved(node, `'${name}' is not known`);
      case 'choice':
        return choice(
          node,
          value.options.map((option) => property(option, name, node)),
        );
      case 'external': {
        const constant = officialConstant(evaluator, value);
        if (constant) return property(constant, name, node);
        return externalProperty(value.packageName, value.name, value.args !== undefined, name, node, value);
      }
      case 'function':
        return primitive(node, undefined);
      case 'unresolved':
        return value;
    }
  }

  function externalProperty(
    packageName: string,
    base: string,
    called: boolean,
    name: string,
    node: ts.Node,
    value: Value,
  ): Value {
    if (packageName === '' && base === 'import.meta') {
      const file = node.getSourceFile().fileName;
      if (name === 'url') return primitive(node, pathToFileURL(file).href);
      if (name === 'dirname') return primitive(node, path.dirname(file));
      if (name === 'filename') return primitive(node, file);
    }
    if (packageName === '' && (base === 'process.env' || base === 'import.meta.env')) {
      return unresolved(node, `it depends on the environment variable ${name}`);
    }
    if (called) return value;
    const whole = base === '*' || base === 'default' ? name : `${base}.${name}`;
    return { kind: 'external', node, packageName, name: whole };
  }

  function conditional(node: ts.ConditionalExpression, scope: Scope): Value {
    const known = truthy(evaluate(node.condition, scope));
    if (known === true) return evaluate(node.whenTrue, scope);
    if (known === false) return evaluate(node.whenFalse, scope);
    return choice(node, [evaluate(node.whenTrue, scope), evaluate(node.whenFalse, scope)]);
  }

  function binary(node: ts.BinaryExpression, scope: Scope): Value {
    const operator = node.operatorToken.kind;
    if (operator === ts.SyntaxKind.CommaToken) return evaluate(node.right, scope);
    const left = evaluate(node.left, scope);
    switch (operator) {
      case ts.SyntaxKind.AmpersandAmpersandToken: {
        const known = truthy(left);
        if (known === true) return evaluate(node.right, scope);
        if (known === false) return left;
        return choice(node, [primitive(node, false), evaluate(node.right, scope)]);
      }
      case ts.SyntaxKind.BarBarToken: {
        const known = truthy(left);
        if (known === true) return left;
        if (known === false) return evaluate(node.right, scope);
        return choice(node, [...usable(left), evaluate(node.right, scope)]);
      }
      case ts.SyntaxKind.QuestionQuestionToken: {
        const known = nullish(left);
        if (known === false) return left;
        if (known === true) return evaluate(node.right, scope);
        return choice(node, [...usable(left), evaluate(node.right, scope)]);
      }
    }
    const right = evaluate(node.right, scope);
    if (operator === ts.SyntaxKind.InKeyword && left.kind === 'primitive' && right.kind === 'object') {
      if (right.entries().has(String(left.value))) return primitive(node, true);
      if (right.gaps().length === 0) return primitive(node, false);
    }
    const differ =
      (isMade(left) && right.kind === 'primitive') || (left.kind === 'primitive' && isMade(right));
    if (differ && operator === ts.SyntaxKind.EqualsEqualsEqualsToken) return primitive(node, false);
    if (differ && operator === ts.SyntaxKind.ExclamationEqualsEqualsToken) return primitive(node, true);
    if (left.kind !== 'primitive' || right.kind !== 'primitive') {
      return unresolved(node, reasonOf(left) ?? reasonOf(right) ?? 'it is computed at run time');
    }
    const [a, b] = [left.value, right.value] as [any, any];
    switch (operator) {
      case ts.SyntaxKind.EqualsEqualsEqualsToken:
      case ts.SyntaxKind.EqualsEqualsToken:
        return primitive(node, a === b);
      case ts.SyntaxKind.ExclamationEqualsEqualsToken:
      case ts.SyntaxKind.ExclamationEqualsToken:
        return primitive(node, a !== b);
      case ts.SyntaxKind.PlusToken:
        return primitive(node, a + b);
      case ts.SyntaxKind.MinusToken:
        return primitive(node, a - b);
      case ts.SyntaxKind.AsteriskToken:
        return primitive(node, a * b);
      case ts.SyntaxKind.SlashToken:
        return primitive(node, a / b);
      case ts.SyntaxKind.LessThanToken:
        return primitive(node, a < b);
      case ts.SyntaxKind.LessThanEqualsToken:
        return primitive(node, a <= b);
      case ts.SyntaxKind.GreaterThanToken:
        return primitive(node, a > b);
      case ts.SyntaxKind.GreaterThanEqualsToken:
        return primitive(node, a >= b);
      default:
        return unresolved(node, 'it is computed at run time');
    }
  }

  /** Whether it is certainly no primitive. */
  function isMade({ kind }: Value): boolean {
    return kind === 'object' || kind === 'array' || kind === 'function';
  }

  /** Of the left side of `||` and `??`: what may come out of it. */
  function usable(left: Value): Value[] {
    const options = left.kind === 'choice' ? left.options : [left];
    return options.filter((option) => option.kind !== 'primitive' || truthy(option) === true);
  }

  function unary(node: ts.PrefixUnaryExpression, scope: Scope): Value {
    const value = evaluate(node.operand, scope);
    if (node.operator === ts.SyntaxKind.ExclamationToken) {
      const known = truthy(value);
      return known === undefined
        ? unresolved(node, reasonOf(value) ?? 'it depends on a condition')
        : primitive(node, !known);
    }
    const number = plain(value);
    if (typeof number === 'number' && node.operator === ts.SyntaxKind.MinusToken)
      return primitive(node, -number);
    if (typeof number === 'number' && node.operator === ts.SyntaxKind.PlusToken)
      return primitive(node, number);
    return unresolved(node, 'it is computed at run time');
  }

  /** Of what is there whenever it runs; what the surroundings have, such as `window`, is not known. */
  function typeOf(node: ts.TypeOfExpression, scope: Scope): Value {
    const value = evaluate(node.expression, scope);
    switch (value.kind) {
      case 'primitive':
        return primitive(node, typeof value.value);
      case 'function':
        return primitive(node, 'function');
      case 'object':
      case 'array':
        return primitive(node, 'object');
      default:
        return unresolved(node, 'it depends on what there is at run time');
    }
  }

  function template(node: ts.TemplateExpression, scope: Scope): Value {
    let text = node.head.text;
    for (const span of node.templateSpans) {
      const value = evaluate(span.expression, scope);
      if (value.kind !== 'primitive') {
        return unresolved(node, reasonOf(value) ?? 'a part of the text is not known');
      }
      text += `${value.value}${span.literal.text}`;
    }
    return primitive(node, text);
  }

  // ---- calls --------------------------------------------------------------------------------------------------

  function callExpression(node: ts.CallExpression, scope: Scope): Value {
    const callee = unwrap(node.expression);
    const args = argumentsOf(node, scope);
    if (callee.kind === ts.SyntaxKind.ImportKeyword) return dynamicImport(node, args);
    if (ts.isIdentifier(callee) && callee.text === 'require' && !lookup('require', scope)) {
      return required(node, args);
    }
    if (ts.isPropertyAccessExpression(callee)) {
      const target = evaluate(callee.expression, scope);
      const name = callee.name.text;
      const options = target.kind === 'choice' ? target.options : [target];
      return choice(
        node,
        options.map((option) => methodCall(option, name, args, node)),
      );
    }
    return call(evaluate(callee, scope), args, node);
  }

  function methodCall(target: Value, name: string, args: Lazy[], node: ts.CallExpression): Value {
    // `await` and `.then` of a value: promises are transparent.
    if (name === 'then' && target.kind !== 'unresolved' && args[0])
      return call(args[0](), [() => (hasThen(target) ? awaited(target, node) : target)], node);
    if ((name === 'catch' || name === 'finally') && target.kind !== 'unresolved') return target;
    if (target.kind === 'primitive' && nullish(target)) return primitive(node, undefined);
    if (target.kind === 'array' || target.kind === 'primitive') {
      return (
        callMethod(evaluator, target, name, args, node) ??
        unresolved(node, `the result of .${name}() is not known without running it`)
      );
    }
    return call(property(target, name, node), args, node);
  }

  function argumentsOf(node: ts.CallExpression, scope: Scope): Lazy[] {
    return node.arguments.flatMap((argument) => {
      if (!ts.isSpreadElement(argument)) return [lazy(argument, () => evaluate(argument, scope))];
      return spreadItems(evaluate(argument.expression, scope)).map((item) => () => item);
    });
  }

  function dynamicImport(node: ts.CallExpression, args: Lazy[]): Value {
    const specifier = args[0] ? plain(args[0]()) : undefined;
    if (typeof specifier !== 'string') return unresolved(node, 'the module that it imports is computed');
    return importBinding(specifier, node.getSourceFile().fileName, '*', node).get();
  }

  /** What `require` gives: the value of `module.exports`, else an object of the exports. */
  function required(node: ts.CallExpression, args: Lazy[]): Value {
    const specifier = args[0] ? plain(args[0]()) : undefined;
    if (typeof specifier !== 'string') return unresolved(node, 'the module that it requires is computed');
    const from = node.getSourceFile().fileName;
    const target = files.resolve(specifier, from);
    const whole = target.kind === 'file' ? load(target.path).wholeExport : undefined;
    return whole?.get() ?? importBinding(specifier, from, '*', node).get();
  }

  function call(callee: Value, args: Lazy[], node: ts.Node): Value {
    switch (callee.kind) {
      case 'function':
        return callFunction(callee, args, node);
      case 'external':
        return callExternal(evaluator, callee, args, node);
      case 'choice':
        return choice(
          node,
          callee.options.map((option) => call(option, args, node)),
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

  /** What a thenable resolves to. Where one call of `resolve` cannot be seen, nothing is certain of the others. */
  function awaited(value: Value, node: ts.Node, level = 0): Value {
    if (value.kind === 'choice')
      return choice(
        node,
        value.options.map((option) => awaited(option, node, level)),
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
    call(then, [() => resolve, () => reject], node);
    if (outcomes.length === 0 || sites.some((site) => !seen.has(site))) return unseen;
    return choice(
      node,
      outcomes.map((outcome) => awaited(outcome, node, level + 1)),
    );
  }

  function callFunction(callee: FunctionValue, args: Lazy[], node: ts.Node): Value {
    if (callee.run) return callee.run(args, node);
    const { node: declaration } = callee;
    const body = (declaration as ts.FunctionLikeDeclaration).body;
    if (!body) return unresolved(node, 'the function has no body to read');
    if ((declaration as ts.FunctionLikeDeclaration).asteriskToken)
      return unresolved(node, 'it is a generator');
    if (++calls > MOST_CALLS || depth >= DEEPEST_CALL) return unresolved(node, TOO_DEEP);
    const scope: Scope = { names: new Map(), parent: callee.scope };
    depth++;
    try {
      declaration.parameters.forEach((parameter, index) => {
        const given = args[index] ?? (() => primitive(parameter, undefined));
        const value: Lazy = parameter.dotDotDotToken
          ? () => array(parameter, () => args.slice(index).map((each) => each()))
          : parameter.initializer
            ? withDefault(given, parameter.initializer, scope)
            : given;
        bindPattern(parameter.name, value, scope);
      });
      if (!ts.isBlock(body)) return evaluate(body, scope);
      const result = run(body.statements, scope);
      const outcomes = [...result.pending, result.returned ?? primitive(node, undefined)];
      const deepMerged = mergedByName(callee, args, node, outcomes);
      return deepMerged ?? choice(node, outcomes);
    } finally {
      depth--;
    }
  }

  /** A project's own `deepMerge` loops over keys, which is not followed; what it does is known by its name. */
  function mergedByName(
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
          evaluator,
          { kind: 'external', node, packageName: 'payload', name: 'deepMergeSimple' },
          args,
          node,
        );
  }

  // ---- statements ---------------------------------------------------------------------------------------------

  function run(statements: readonly ts.Statement[], start: Scope): Completion {
    declare(statements, start, false);
    let scope = start;
    const pending: Value[] = [];
    for (const statement of statements) {
      const result = runStatement(statement, scope);
      scope = result.scope;
      pending.push(...result.pending);
      if (result.returned) return { returned: result.returned, scope, pending };
    }
    return { scope, pending };
  }

  function runStatement(statement: ts.Statement, scope: Scope): Completion {
    const plainly: Completion = { scope, pending: [] };
    if (ts.isReturnStatement(statement)) {
      const returned = statement.expression
        ? evaluate(statement.expression, scope)
        : primitive(statement, undefined);
      return { returned, scope, pending: [] };
    }
    if (ts.isVariableStatement(statement)) {
      for (const declaration of statement.declarationList.declarations) {
        const { initializer } = declaration;
        // Computed now: later statements may change what it is made of.
        const value = initializer ? evaluate(initializer, scope) : primitive(declaration, undefined);
        bindPattern(declaration.name, () => value, scope);
        if (initializer && ts.isIdentifier(declaration.name)) {
          const name = declaration.name.text;
          scope.names.set(name, { get: () => value, target: () => ({ node: initializer, scope }) });
        }
      }
      return plainly;
    }
    if (ts.isExpressionStatement(statement))
      return { scope: runExpression(statement.expression, scope), pending: [] };
    if (ts.isBlock(statement)) return run(statement.statements, { names: new Map(), parent: scope });
    if (ts.isIfStatement(statement)) return runIf(statement, scope);
    if (ts.isForOfStatement(statement)) return runForOf(statement, scope);
    if (ts.isTryStatement(statement))
      return run(statement.tryBlock.statements, { names: new Map(), parent: scope });
    if (ts.isSwitchStatement(statement)) return runSwitch(statement, scope);
    if (ts.isThrowStatement(statement)) {
      return { returned: unresolved(statement, 'the function throws'), scope, pending: [] };
    }
    if (ts.isIterationStatement(statement, false)) {
      return { scope, pending: [unresolved(statement, 'a loop decides it')] };
    }
    return plainly;
  }

  function runIf(statement: ts.IfStatement, scope: Scope): Completion {
    const known = truthy(evaluate(statement.expression, scope));
    const otherwise: Completion = { scope, pending: [] };
    if (known === true) return runStatement(statement.thenStatement, scope);
    if (known === false) {
      return statement.elseStatement ? runStatement(statement.elseStatement, scope) : otherwise;
    }
    const then = runStatement(statement.thenStatement, {
      names: new Map(),
      parent: scope,
      conditional: true,
    });
    const other = statement.elseStatement
      ? runStatement(statement.elseStatement, { names: new Map(), parent: scope, conditional: true })
      : otherwise;
    const pending = [...then.pending, ...other.pending];
    if (then.returned && other.returned) {
      return { returned: choice(statement, [then.returned, other.returned]), scope, pending };
    }
    const returned = then.returned ?? other.returned;
    // A branch that throws is no outcome: the config would not load.
    if (returned && !(returned.kind === 'unresolved' && ts.isThrowStatement(returned.node)))
      pending.push(returned);
    const changed = new Set<string>();
    const runs = [then, other].filter((each) => !each.returned);
    for (const { scope: after } of runs) for (const name of assignedBetween(after, scope)) changed.add(name);
    if (changed.size === 0) return { scope, pending };
    const merged: Scope = { names: new Map(), parent: scope };
    for (const name of changed) {
      const outcomes = runs.map(
        ({ scope: after }) => lookup(name, after)?.get() ?? primitive(statement, undefined),
      );
      const value = choice(statement, outcomes);
      merged.names.set(name, { get: () => value });
    }
    return { scope: merged, pending };
  }

  /** Names of outer scopes that were given another value in the scopes between. */
  function assignedBetween(after: Scope, before: Scope): string[] {
    const names: string[] = [];
    for (let at: Scope | undefined = after; at && at !== before; at = at.parent) {
      for (const name of at.names.keys()) if (lookup(name, before)) names.push(name);
    }
    return names;
  }

  function runForOf(statement: ts.ForOfStatement, scope: Scope): Completion {
    const items = spreadItems(evaluate(statement.expression, scope));
    const { initializer } = statement;
    if (!ts.isVariableDeclarationList(initializer) || !initializer.declarations[0]) {
      return { scope, pending: [unresolved(statement, 'a loop decides it')] };
    }
    const pending: Value[] = [];
    let at = scope;
    for (const item of items.slice(0, 1000)) {
      const inner: Scope = { names: new Map(), parent: at };
      bindPattern(initializer.declarations[0].name, () => item, inner);
      const result = runStatement(statement.statement, inner);
      pending.push(...result.pending);
      if (result.returned) return { returned: result.returned, scope, pending };
      at = result.scope;
    }
    return { scope: at, pending };
  }

  function runSwitch(statement: ts.SwitchStatement, scope: Scope): Completion {
    const value = evaluate(statement.expression, scope);
    const clauses = statement.caseBlock.clauses;
    if (value.kind === 'primitive') {
      const tests = clauses.map((clause) =>
        ts.isCaseClause(clause) ? evaluate(clause.expression, scope) : undefined,
      );
      let from = tests.findIndex((test) => test?.kind === 'primitive' && test.value === value.value);
      if (from === -1) from = tests.indexOf(undefined);
      if (from === -1) return { scope, pending: [] };
      const statements = clauses.slice(from).flatMap((clause) => [...clause.statements]);
      const end = statements.findIndex((each) => ts.isBreakStatement(each));
      return run(end === -1 ? statements : statements.slice(0, end), { names: new Map(), parent: scope });
    }
    const pending: Value[] = [];
    for (const clause of clauses) {
      const result = run(clause.statements, { names: new Map(), parent: scope, conditional: true });
      pending.push(...result.pending, ...(result.returned ? [result.returned] : []));
    }
    return { scope, pending };
  }

  /** Runs an expression for its effect: an assignment, a push, `Object.assign`, `forEach`. */
  function runExpression(expression: ts.Expression, scope: Scope): Scope {
    const node = unwrap(expression);
    if (ts.isAwaitExpression(node)) return runExpression(node.expression, scope);
    if (ts.isBinaryExpression(node)) {
      if (node.operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken) {
        const known = truthy(evaluate(node.left, scope));
        if (known === false) return scope;
        return runExpression(
          node.right,
          known ? scope : { names: new Map(), parent: scope, conditional: true },
        );
      }
      return assign(node, scope);
    }
    if (!ts.isCallExpression(node)) return scope;
    const callee = unwrap(node.expression);
    if (ts.isPropertyAccessExpression(callee)) {
      const method = callee.name.text;
      if (method === 'push' || method === 'unshift') {
        pushInto(evaluate(callee.expression, scope), argumentsOf(node, scope), method, node, scope);
        return scope;
      }
      if (method === 'assign' && callee.expression.getText() === 'Object') {
        const [target, ...sources] = argumentsOf(node, scope);
        const into = target?.();
        if (into?.kind === 'object') {
          for (const source of sources) spreadInto(into.entries(), into.gaps(), source(), node);
        }
        return scope;
      }
      if (method === 'forEach') {
        const [callback] = argumentsOf(node, scope);
        spreadItems(evaluate(callee.expression, scope)).forEach((item, index) => {
          if (callback) call(callback(), [() => item, () => primitive(node, index)], node);
        });
        return scope;
      }
    }
    evaluate(node, scope);
    return scope;
  }

  function pushInto(target: Value, args: Lazy[], method: string, node: ts.Node, scope: Scope): void {
    for (const into of target.kind === 'choice' ? target.options : [target]) {
      if (into.kind !== 'array') continue;
      const unsure = isConditional(scope) || target.kind === 'choice';
      const items = args.map((each) =>
        unsure ? choice(node, [primitive(node, undefined), each()]) : each(),
      );
      if (method === 'push') into.items().push(...items);
      else into.items().unshift(...items);
    }
  }

  function assign(node: ts.BinaryExpression, scope: Scope): Scope {
    const operator = node.operatorToken.kind;
    const defaulting =
      operator === ts.SyntaxKind.QuestionQuestionEqualsToken || operator === ts.SyntaxKind.BarBarEqualsToken;
    if (operator !== ts.SyntaxKind.EqualsToken && !defaulting) return scope;
    const target = unwrap(node.left);
    if (ts.isIdentifier(target)) {
      const before = lookup(target.text, scope);
      if (defaulting && before && nullish(before.get()) === false) return scope;
      const value = evaluate(node.right, scope);
      // A scope on top, so that what was made before keeps the value that it saw.
      return { names: new Map([[target.text, { get: () => value }]]), parent: scope };
    }
    let owner: Value | undefined;
    let name: string | undefined;
    if (ts.isPropertyAccessExpression(target)) {
      owner = evaluate(target.expression, scope);
      name = target.name.text;
    } else if (ts.isElementAccessExpression(target)) {
      owner = evaluate(target.expression, scope);
      const key = plain(evaluate(target.argumentExpression, scope));
      name = key === undefined ? undefined : String(key);
    }
    for (const into of owner?.kind === 'choice' ? owner.options : owner ? [owner] : []) {
      if (into.kind !== 'object') continue;
      setProperty(into, name, node, scope, defaulting, owner?.kind === 'choice');
    }
    return scope;
  }

  function setProperty(
    into: ObjectValue,
    name: string | undefined,
    node: ts.BinaryExpression,
    scope: Scope,
    defaulting: boolean,
    unsure: boolean,
  ): void {
    if (name === undefined) {
      into.gaps().push(unresolved(node, 'its key is computed'));
      return;
    }
    const before = into.entries().get(name)?.();
    if (defaulting && before && nullish(before) === false) return;
    const value = evaluate(node.right, scope);
    settle(value);
    const after =
      unsure || isConditional(scope) ? choice(node, [before ?? primitive(node, undefined), value]) : value;
    into.entries().set(name, () => after);
  }

  /** Fills an array or object now: what it is made of is about to change. */
  function settle(value: Value): void {
    if (value.kind === 'object') nested(value.entries, () => new Map());
    if (value.kind === 'array')
      for (const item of spreadItems(value)) if (item.kind === 'object') settle(item);
  }

  // ---- following names ----------------------------------------------------------------------------------------

  function follow(start: ts.Expression, from: Scope): { node: ts.Expression; scope: Scope } {
    let node = unwrap(start);
    let scope = from;
    for (let steps = 0; steps < 50; steps++) {
      if (ts.isAwaitExpression(node)) {
        node = unwrap(node.expression);
        continue;
      }
      if (!ts.isIdentifier(node)) break;
      const target = lookup(node.text, scope)?.target?.();
      if (!target) break;
      node = unwrap(target.node);
      scope = target.scope;
    }
    return { node, scope };
  }

  function expressionBinding(node: ts.Expression, scope: Scope): Binding {
    return { get: lazy(node, () => evaluate(node, scope)), target: () => ({ node, scope }) };
  }

  function asOne(options: ObjectValue[], node: ts.Node): ObjectValue {
    const [only, ...others] = options;
    if (only && others.length === 0) return only;
    return object(node, () => {
      const entries = new Map<string, Lazy>();
      const gaps: Value[] = [];
      spreadInto(entries, gaps, { kind: 'choice', node, options }, node);
      return { entries, gaps };
    });
  }

  const evaluator: Evaluator = {
    load,
    evaluate,
    property,
    call,
    awaited,
    follow,
    spreadItems,
    asOne,
    files,
  };
  return evaluator;
}

function isConfigLike(value: Value): boolean {
  return value.kind === 'object' && ['collections', 'globals', 'db'].some((key) => value.entries().has(key));
}

/** Whether an object literal has a `then` written in it. Looking into others would fill them before their time. */
function hasThen({ node, kind }: Value): boolean {
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

/** Names of the language that a config is likely to use; nothing is run of them but what `known-calls.ts` lists. */
const LANGUAGE_NAMES = new Set(
  'Object Array Promise Boolean String Number JSON Math Date Set Map console process globalThis URL structuredClone'.split(
    ' ',
  ),
);

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

/** Why a value is not known, if it isn't. */
export function reasonOf(value: Value): string | undefined {
  if (value.kind === 'unresolved') return value.reason;
  if (value.kind === 'choice') return 'it depends on a condition that is only known at run time';
  if (value.kind === 'function') return 'it is a function';
  if (value.kind === 'external') {
    if (value.packageName === '') return `the result of ${value.name} is only known at run time`;
    return `it comes from the package ${value.packageName}, whose code is not read`;
  }
  return undefined;
}

/** The names that a pattern binds. */
export function namesOf(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : namesOf(element.name)));
}

/** Whether a statement of the top level changes what the name holds: assigns, pushes, perhaps under a condition. */
function changesOf(statement: ts.Statement, name: string): boolean {
  if (ts.isExpressionStatement(statement)) return expressionChanges(statement.expression, name);
  if (ts.isBlock(statement)) return statement.statements.some((each) => changesOf(each, name));
  if (ts.isIfStatement(statement)) {
    return (
      changesOf(statement.thenStatement, name) ||
      (statement.elseStatement !== undefined && changesOf(statement.elseStatement, name))
    );
  }
  if (ts.isForOfStatement(statement)) return changesOf(statement.statement, name);
  if (ts.isTryStatement(statement)) return changesOf(statement.tryBlock, name);
  return false;
}

function expressionChanges(expression: ts.Expression, name: string): boolean {
  const node = unwrap(expression);
  if (ts.isBinaryExpression(node)) {
    if (node.operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken)
      return expressionChanges(node.right, name);
    const assigns =
      node.operatorToken.kind === ts.SyntaxKind.EqualsToken ||
      node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionEqualsToken ||
      node.operatorToken.kind === ts.SyntaxKind.BarBarEqualsToken;
    return assigns && rootName(node.left) === name;
  }
  if (!ts.isCallExpression(node)) return false;
  const callee = unwrap(node.expression);
  if (!ts.isPropertyAccessExpression(callee)) return false;
  if (callee.name.text === 'push' || callee.name.text === 'unshift')
    return rootName(callee.expression) === name;
  if (callee.name.text === 'assign')
    return node.arguments[0] !== undefined && rootName(node.arguments[0]) === name;
  if (callee.name.text === 'forEach') {
    const callback = node.arguments[0];
    if (!callback || !(ts.isArrowFunction(callback) || ts.isFunctionExpression(callback))) return false;
    return ts.isBlock(callback.body)
      ? callback.body.statements.some((each) => changesOf(each, name))
      : expressionChanges(callback.body, name);
  }
  return false;
}

function reassigns(statement: ts.Statement, name: string): boolean {
  let found = false;
  function visit(node: ts.Node): void {
    if (
      ts.isBinaryExpression(node) &&
      node.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
      ts.isIdentifier(node.left) &&
      node.left.text === name
    ) {
      found = true;
    }
    ts.forEachChild(node, visit);
  }
  visit(statement);
  return found;
}

function rootName(expression: ts.Expression): string | undefined {
  let at = unwrap(expression);
  while (ts.isPropertyAccessExpression(at) || ts.isElementAccessExpression(at)) at = unwrap(at.expression);
  return ts.isIdentifier(at) ? at.text : undefined;
}
