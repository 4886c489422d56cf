/**
 * Where things stand in the text of the Payload config, so that an edit can be planned as a splice. All offsets are
 * UTF-16 positions in the `text` of the file that they belong to, `end` exclusive.
 */
import path from 'node:path';
import { ts } from 'ts-morph';
import { lineIndent } from './code-style.js';
import { type Evaluator, namesOf, unwrap } from './evaluate.js';
import { shorten } from './read-schema.js';
import type { SourceLocation } from './schema.js';
import type { ObjectValue, Scope } from './value.js';

/** A piece of a file's text. */
export interface Span {
  start: number;
  /** Exclusive. */
  end: number;
}

/** One import declaration. */
export interface ImportShape extends Span {
  /** The module specifier as written. */
  specifier: string;
  /** `import type …`. */
  typeOnly: boolean;
  /** Local names that the import binds. */
  names: string[];
  /** The file that the specifier leads to, relative to the project's root; absent for packages. */
  resolved?: string;
}

/** A source file as far as an edit of it needs. */
export interface FileShape {
  /** Path relative to the project's root, with forward slashes (`../` where it lies outside). */
  path: string;
  /** The text as it is on disk, including a byte order mark and CRLF. */
  text: string;
  imports: ImportShape[];
  /** Where a new import goes: the end of the last import, or of the directives and leading comment without any. */
  importInsertion: number;
  /** Names bound at the top level of the file, imports included: a new import must not clash. */
  topLevelNames: string[];
}

/** One element of an array literal. */
export interface ElementShape extends Span {
  /** `...spread`. */
  spread: boolean;
  /** The element as written. */
  text: string;
}

/** An array literal. */
export interface ArrayShape extends Span {
  elements: ElementShape[];
  trailingComma: boolean;
  /** Closing bracket on another line than the opening one. */
  multiLine: boolean;
  /** Indentation of the elements' lines, where `multiLine` and there are some. */
  elementIndent?: string;
}

/** A spread in the config object. */
export interface SpreadShape extends Span {
  text: string;
  location: SourceLocation;
  /** Whether it stands after the `plugins` property, and so would win over it. */
  afterPlugins: boolean;
  /** Whether the spread object has `plugins`: `unknown` where it cannot be resolved. */
  hasPlugins: boolean | 'unknown';
}

/** What the config has as `plugins`. */
export type PluginsShape =
  /** No `plugins` property: it can be created in the config object, if no spread in it has some. */
  | { kind: 'absent' }
  /** An array literal, in place or behind a name. A new element can be spliced into it. */
  | {
      kind: 'array';
      /** `literal` in the config object itself, `identifier` behind a const, perhaps of another file. */
      via: 'literal' | 'identifier';
      /** The file that the array literal is in; the very `config` of {@link ConfigShape} where it is the same. */
      file: FileShape;
      array: ArrayShape;
      location: SourceLocation;
      /** The `plugins: …` property in the config file. */
      property: Span;
      /** Whether elements are pushed later on, or the literal is followed by `.filter(Boolean)` and the like. */
      modifiedLater: boolean;
    }
  /** A call, a condition, something of a package, …: it can only be wrapped or refused. */
  | {
      kind: 'other';
      /** Why no array literal was found, in one sentence. */
      reason: string;
      location: SourceLocation;
      /** The `plugins: …` property in the config file. */
      property: Span;
      /** The value in the config file; absent for a method or getter. */
      value?: Span;
      text: string;
    };

/** A Cloudflare env that is in scope where `plugins` stands. */
export interface CloudflareEnvShape {
  /** How it is written, e.g. `cloudflare.env` or `env`. */
  expression: string;
  location: SourceLocation;
  /** Whether it's a constant of the module; else a parameter or constant of the function around the config. */
  topLevel: boolean;
  /** Binding names read from it in this file, e.g. `D1`, `R2`. */
  bindings: string[];
}

/** The config object literal's place. */
export interface ConfigObjectShape extends Span {
  /** Number of properties and spreads. */
  size: number;
  trailingComma: boolean;
  multiLine: boolean;
  /** Indentation of the properties' lines, where `multiLine` and there are some. */
  propertyIndent?: string;
  /** Named properties in order. */
  properties: (Span & { name: string })[];
  spreads: SpreadShape[];
}

/** Everything that planning an edit of the config needs. */
export interface ConfigShape {
  /** The file that holds the config object: usually the config itself, else what it re-exports or calls. */
  config: FileShape;
  /** The object literal given to `buildConfig`, or `undefined` where there is none that could be edited. */
  object?: ConfigObjectShape;
  /** Why `object` is missing, in one sentence. */
  objectMissing?: string;
  objectLocation?: SourceLocation;
  plugins: PluginsShape;
  cloudflareEnv?: CloudflareEnvShape;
  /** What is there of an earlier `init`. */
  wired: {
    /** The import of the wrapper (`…/payload-kv/index`) or of the package itself. */
    import?: ImportShape & { file: string };
    /** How many elements of `plugins` use a name of that import. */
    elements: number;
    elementLocation?: SourceLocation;
  };
}

/** Calls of an array that leave its literal a good place for one more element. */
const KEEPS_ELEMENTS = new Set(['concat', 'filter', 'flat']);

/** The config file before its object was found: enough to say why nothing can be edited. */
export function shapeWithoutObject(evaluator: Evaluator, file: string, reason: string): ConfigShape {
  const config = fileShape(evaluator, evaluator.load(file).source);
  return {
    config,
    objectMissing: reason,
    plugins: { kind: 'absent' },
    wired: wiredIn([config], []),
  };
}

/** Where things stand in the text around the config object. `configFile` is the config that Payload loads. */
export function readConfigShape(evaluator: Evaluator, value: ObjectValue, configFile: string): ConfigShape {
  const literal = value.node;
  if (!ts.isObjectLiteralExpression(literal) || !value.scope) {
    const reason = `the config object is the result of ${shorten(literal)}, not an object literal`;
    return {
      ...shapeWithoutObject(evaluator, configFile, reason),
      objectLocation: evaluator.files.locate(literal),
    };
  }
  const { scope } = value;
  const source = literal.getSourceFile();
  const config = fileShape(evaluator, source);
  const object = objectShape(evaluator, literal, scope);
  const plugins = readPlugins(evaluator, literal, scope, config);
  const entry =
    source.fileName === configFile ? [] : [fileShape(evaluator, evaluator.load(configFile).source)];
  const files = [
    config,
    ...(plugins.kind === 'array' && plugins.file !== config ? [plugins.file] : []),
    ...entry,
  ];
  const elements = plugins.kind === 'array' ? plugins.array.elements : [];
  const wired = wiredIn(files, elements);
  if (wired.elements > 0 && plugins.kind === 'array') {
    const wiredElement = elements.find((element) => usesAny(element.text, wired.import?.names ?? []));
    if (wiredElement) wired.elementLocation = locationAt(plugins.file, wiredElement.start);
  }
  if (wired.elements === 0 && plugins.kind === 'other' && usesAny(plugins.text, wired.import?.names ?? [])) {
    wired.elements = 1;
    wired.elementLocation = plugins.location;
  }
  return {
    config,
    object,
    objectLocation: evaluator.files.locate(literal),
    plugins,
    cloudflareEnv: cloudflareEnv(evaluator, literal, source),
    wired,
  };
}

// ---- files --------------------------------------------------------------------------------------------------------

function fileShape(evaluator: Evaluator, source: ts.SourceFile): FileShape {
  const { text } = source;
  const declarations = source.statements.filter(ts.isImportDeclaration);
  const imports = declarations.map((declaration): ImportShape => {
    const specifier = ts.isStringLiteral(declaration.moduleSpecifier) ? declaration.moduleSpecifier.text : '';
    const target = evaluator.files.resolve(specifier, source.fileName);
    return {
      start: declaration.getStart(source),
      end: declaration.end,
      specifier,
      typeOnly: declaration.importClause?.isTypeOnly ?? false,
      names: importedNames(declaration),
      ...(target.kind === 'file' ? { resolved: evaluator.files.relative(target.path) } : {}),
    };
  });
  const names = new Set(imports.flatMap((each) => each.names));
  for (const statement of source.statements) {
    if (ts.isVariableStatement(statement)) {
      for (const declaration of statement.declarationList.declarations) {
        for (const name of namesOf(declaration.name)) names.add(name);
      }
    } else if (
      (ts.isFunctionDeclaration(statement) ||
        ts.isClassDeclaration(statement) ||
        ts.isEnumDeclaration(statement) ||
        ts.isInterfaceDeclaration(statement) ||
        ts.isTypeAliasDeclaration(statement)) &&
      statement.name
    ) {
      names.add(statement.name.text);
    }
  }
  return {
    path: evaluator.files.relative(source.fileName),
    text,
    imports,
    importInsertion: imports.at(-1)?.end ?? afterDirectives(source),
    topLevelNames: [...names],
  };
}

function importedNames(declaration: ts.ImportDeclaration): string[] {
  const clause = declaration.importClause;
  if (!clause) return [];
  const names = clause.name ? [clause.name.text] : [];
  if (clause.namedBindings && ts.isNamespaceImport(clause.namedBindings))
    names.push(clause.namedBindings.name.text);
  else if (clause.namedBindings)
    names.push(...clause.namedBindings.elements.map((element) => element.name.text));
  return names;
}

/** The end of what must stay first: a byte order mark, `#!`, the comment at the top, `'use server'` and the like. */
function afterDirectives(source: ts.SourceFile): number {
  const { text } = source;
  let end = text.charCodeAt(0) === 0xfe_ff ? 1 : 0;
  const shebang = ts.getShebang(text);
  if (shebang) end = shebang.length;
  const comments = ts.getLeadingCommentRanges(text, end) ?? [];
  const first = source.statements[0];
  // A comment with an empty line after it is the file's; one right above a statement is the statement's.
  for (const comment of comments) {
    if (/^[ \t]*\r?\n[ \t]*\r?\n/.test(text.slice(comment.end)) || !first) end = comment.end;
  }
  for (const statement of source.statements) {
    if (!ts.isExpressionStatement(statement) || !ts.isStringLiteral(statement.expression)) break;
    end = statement.end;
  }
  return end;
}

function locationAt(file: FileShape, position: number): SourceLocation {
  return { file: file.path, line: file.text.slice(0, position).split('\n').length };
}

// ---- the config object --------------------------------------------------------------------------------------------

function objectShape(
  evaluator: Evaluator,
  literal: ts.ObjectLiteralExpression,
  scope: Scope,
): ConfigObjectShape {
  const source = literal.getSourceFile();
  const properties: (Span & { name: string })[] = [];
  for (const member of literal.properties) {
    const { name } = member;
    if (!name) continue;
    const text = ts.isIdentifier(name) || ts.isStringLiteralLike(name) ? name.text : name.getText(source);
    properties.push({ name: text, start: member.getStart(source), end: member.end });
  }
  const plugins = properties.find((property) => property.name === 'plugins');
  const spreads = literal.properties.filter(ts.isSpreadAssignment).map((spread): SpreadShape => {
    const value = evaluator.evaluate(spread.expression, scope);
    const options = value.kind === 'choice' ? value.options : [value];
    const outcomes = options.map((option) => {
      if (option.kind === 'primitive') return false;
      if (option.kind !== 'object') return 'unknown' as const;
      if (option.entries().has('plugins')) return true;
      return option.gaps().length > 0 ? ('unknown' as const) : false;
    });
    return {
      start: spread.getStart(source),
      end: spread.end,
      text: shorten(spread),
      location: evaluator.files.locate(spread),
      afterPlugins: plugins !== undefined && spread.getStart(source) > plugins.start,
      hasPlugins: outcomes.includes(true) ? true : outcomes.includes('unknown') ? 'unknown' : false,
    };
  });
  return {
    ...listShape(literal, literal.properties),
    size: literal.properties.length,
    propertyIndent: memberIndent(literal, literal.properties),
    properties,
    spreads,
  };
}

function listShape(literal: ts.Node, members: ts.NodeArray<ts.Node>) {
  const source = literal.getSourceFile();
  const start = literal.getStart(source);
  return {
    start,
    end: literal.end,
    trailingComma: members.hasTrailingComma === true,
    multiLine: lineOf(source, start) !== lineOf(source, literal.end - 1),
  };
}

function memberIndent(literal: ts.Node, members: ts.NodeArray<ts.Node>): string | undefined {
  const source = literal.getSourceFile();
  const opening = lineOf(source, literal.getStart(source));
  for (const member of members) {
    const start = member.getStart(source);
    if (lineOf(source, start) !== opening) return lineIndent(source.text, start);
  }
  return undefined;
}

function lineOf(source: ts.SourceFile, position: number): number {
  return source.getLineAndCharacterOfPosition(position).line;
}

// ---- plugins ------------------------------------------------------------------------------------------------------

function readPlugins(
  evaluator: Evaluator,
  literal: ts.ObjectLiteralExpression,
  scope: Scope,
  config: FileShape,
): PluginsShape {
  const source = literal.getSourceFile();
  const members = literal.properties.filter((member) => member.name && nameOf(member.name) === 'plugins');
  const member = members.at(-1);
  if (!member) return { kind: 'absent' };
  const property = { start: member.getStart(source), end: member.end };
  const location = evaluator.files.locate(member);
  let written: ts.Expression;
  if (ts.isPropertyAssignment(member)) written = member.initializer;
  else if (ts.isShorthandPropertyAssignment(member)) written = member.name;
  else {
    const reason = 'plugins is a method or a getter of the config';
    return { kind: 'other', reason, location, property, text: shorten(member) };
  }
  const value = { start: written.getStart(source), end: written.end };
  const other = (reason: string): PluginsShape => ({
    kind: 'other',
    reason,
    location,
    property,
    value,
    text: source.text.slice(value.start, value.end),
  });

  let modifiedLater = false;
  let { node, scope: at } = evaluator.follow(written, scope);
  let via: 'literal' | 'identifier' = node === unwrap(written) ? 'literal' : 'identifier';
  // The literal in front of `.filter(Boolean)` and the like is as good a place.
  for (let step = 0; step < 10 && ts.isCallExpression(node); step++) {
    const callee = unwrap(node.expression);
    if (!ts.isPropertyAccessExpression(callee) || !KEEPS_ELEMENTS.has(callee.name.text)) break;
    if (callee.name.text === 'filter' && node.arguments[0]?.getText() !== 'Boolean') break;
    modifiedLater = true;
    const followed = evaluator.follow(callee.expression, at);
    if (followed.node !== unwrap(callee.expression)) via = 'identifier';
    ({ node, scope: at } = followed);
  }
  if (!ts.isArrayLiteralExpression(node)) return other(whyNoArray(node));
  const arraySource = node.getSourceFile();
  const file = arraySource === source ? config : fileShape(evaluator, arraySource);
  if (via === 'identifier' && pushedTo(node)) modifiedLater = true;
  const elements = node.elements.map(
    (element): ElementShape => ({
      start: element.getStart(arraySource),
      end: element.end,
      spread: ts.isSpreadElement(element),
      text: arraySource.text.slice(element.getStart(arraySource), element.end),
    }),
  );
  return {
    kind: 'array',
    via,
    file,
    array: { ...listShape(node, node.elements), elements, elementIndent: memberIndent(node, node.elements) },
    location: evaluator.files.locate(node),
    property,
    modifiedLater,
  };
}

function nameOf(name: ts.PropertyName): string | undefined {
  if (ts.isIdentifier(name) || ts.isStringLiteralLike(name)) return name.text;
  return ts.isComputedPropertyName(name) && ts.isStringLiteralLike(name.expression)
    ? name.expression.text
    : undefined;
}

function whyNoArray(node: ts.Expression): string {
  if (ts.isConditionalExpression(node)) return 'plugins is chosen by a condition';
  if (ts.isCallExpression(node)) return `plugins is the result of a call, ${shorten(node)}`;
  if (ts.isIdentifier(node)) {
    return `plugins is ${node.text}, which leads to no array literal in the project`;
  }
  return `plugins is no array literal, but ${shorten(node)}`;
}

/** Whether the constant that holds the literal is pushed to at the top level of its file. */
function pushedTo(literal: ts.ArrayLiteralExpression): boolean {
  let declaration: ts.Node = literal;
  while (declaration.parent && !ts.isVariableDeclaration(declaration)) declaration = declaration.parent;
  if (!ts.isVariableDeclaration(declaration) || !ts.isIdentifier(declaration.name)) return false;
  const name = declaration.name.text;
  let found = false;
  function visit(node: ts.Node): void {
    if (
      ts.isPropertyAccessExpression(node) &&
      (node.name.text === 'push' || node.name.text === 'unshift') &&
      ts.isIdentifier(node.expression) &&
      node.expression.text === name
    ) {
      found = true;
    }
    ts.forEachChild(node, visit);
  }
  visit(literal.getSourceFile());
  return found;
}

// ---- an earlier init ----------------------------------------------------------------------------------------------

function wiredIn(files: FileShape[], elements: ElementShape[]): ConfigShape['wired'] {
  for (const file of files) {
    const found = file.imports.find(isOwnImport);
    if (!found) continue;
    return {
      import: { ...found, file: file.path },
      elements: elements.filter((element) => usesAny(element.text, found.names)).length,
    };
  }
  return { elements: 0 };
}

function isOwnImport(each: ImportShape): boolean {
  if (each.typeOnly || each.names.length === 0) return false;
  if (each.specifier === 'payload-kv' || each.specifier.startsWith('payload-kv/')) return true;
  const stem = (each.resolved ?? each.specifier).replace(/\.[cm]?[jt]s$/, '').replace(/\/index$/, '');
  return (
    /^payload-kv(?:-cache)?$/.test(path.posix.basename(stem)) &&
    (each.resolved !== undefined || /^[.@~#/]/.test(each.specifier))
  );
}

function usesAny(text: string, names: string[]): boolean {
  return names.some((name) => new RegExp(`(?<![\\w$.])${name.replaceAll('$', '\\$')}(?![\\w$])`).test(text));
}

// ---- a Cloudflare env ---------------------------------------------------------------------------------------------

/**
 * The env that the config's bindings come from, such as `cloudflare.env` in `binding: cloudflare.env.D1`: a constant of
 * the file, or of the function that the config object is in.
 */
function cloudflareEnv(
  evaluator: Evaluator,
  literal: ts.ObjectLiteralExpression,
  source: ts.SourceFile,
): CloudflareEnvShape | undefined {
  interface Candidate {
    bindings: Set<string>;
    declaration: ts.Node;
    topLevel: boolean;
    /** Whether it is Cloudflare's for sure: projects call their validated process environment `env` too. */
    sure: boolean;
  }
  const candidates = new Map<string, Candidate>();
  function visit(node: ts.Node): void {
    if (ts.isPropertyAccessExpression(node) && /^[A-Z][A-Z0-9_]*$/.test(node.name.text)) {
      const owner = unwrap(node.expression);
      const root = envRoot(owner);
      const declared = root ? declarationOf(root, literal, source) : undefined;
      if (declared && !isProcessEnv(declared.declaration)) {
        const expression = owner.getText(source).replaceAll('!', '').replaceAll('?.', '.');
        const known = candidates.get(expression) ?? { bindings: new Set<string>(), ...declared, sure: false };
        known.bindings.add(node.name.text);
        known.sure ||=
          isGivenAsBinding(node) || /cloudflare|getPlatformProxy/i.test(declared.declaration.getText());
        candidates.set(expression, known);
      }
    }
    ts.forEachChild(node, visit);
  }
  visit(source);
  if (candidates.size === 0) addDeclared();
  const [best] = [...candidates]
    .filter(([, { sure }]) => sure)
    .sort(([, one], [, other]) => other.bindings.size - one.bindings.size);
  if (!best) return undefined;
  const [expression, { bindings, declaration, topLevel }] = best;
  return {
    expression,
    location: evaluator.files.locate(declaration),
    topLevel,
    bindings: [...bindings].sort(),
  };

  /** A `const cloudflare = …` that nothing reads a binding of yet. */
  function addDeclared(): void {
    const declared = declarationOf('cloudflare', literal, source);
    if (declared && /getCloudflareContext|getPlatformProxy/.test(source.text)) {
      candidates.set('cloudflare.env', { bindings: new Set(), ...declared, sure: true });
    }
  }
}

/** `cloudflare` of `cloudflare.env`, `env` of `env`. */
function envRoot(owner: ts.Expression): string | undefined {
  if (ts.isIdentifier(owner)) return /env$/i.test(owner.text) ? owner.text : undefined;
  if (!ts.isPropertyAccessExpression(owner) || owner.name.text !== 'env') return undefined;
  const root = unwrap(owner.expression);
  if (!ts.isIdentifier(root) || root.text === 'process') return undefined;
  return root.text;
}

/** Whether it is handed to an adapter as its binding: `binding: env.D1`, `bucket: env.R2!`. */
function isGivenAsBinding(node: ts.Node): boolean {
  let at = node.parent;
  while (ts.isNonNullExpression(at) || ts.isAsExpression(at) || ts.isParenthesizedExpression(at))
    at = at.parent;
  return ts.isPropertyAssignment(at) && /^(?:binding|bucket|namespace|kv)$/.test(at.name.getText());
}

function isProcessEnv(declaration: ts.Node): boolean {
  return (
    ts.isVariableDeclaration(declaration) &&
    /(?:process|import\.meta)\.env/.test(declaration.initializer?.getText() ?? '')
  );
}

/** Where a name is declared that is in scope of the config object: in a function around it, or in the file. */
function declarationOf(
  name: string,
  literal: ts.Node,
  source: ts.SourceFile,
): { declaration: ts.Node; topLevel: boolean } | undefined {
  for (let at: ts.Node | undefined = literal.parent; at; at = at.parent) {
    if (ts.isFunctionLike(at)) {
      const parameter = at.parameters.find((each) => namesOf(each.name).includes(name));
      if (parameter) return { declaration: parameter, topLevel: false };
    }
    if (ts.isBlock(at) || ts.isSourceFile(at)) {
      for (const statement of at.statements) {
        if (!ts.isVariableStatement(statement)) continue;
        const found = statement.declarationList.declarations.find((each) =>
          namesOf(each.name).includes(name),
        );
        // A constant declared below the config is not there yet when the config is made.
        if (found && found.getStart(source) < literal.getStart(source)) {
          return { declaration: found, topLevel: ts.isSourceFile(at) };
        }
      }
    }
  }
  const imported = source.statements
    .filter(ts.isImportDeclaration)
    .find(
      (declaration) => !declaration.importClause?.isTypeOnly && importedNames(declaration).includes(name),
    );
  return imported ? { declaration: imported, topLevel: true } : undefined;
}
