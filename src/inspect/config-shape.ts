/**
 * Where things stand in the text of the Payload config, so that an edit can be planned as a splice. All offsets are
 * UTF-16 positions in the `text` of the file that they belong to, `end` exclusive.
 */
import path from 'node:path';
import { ts } from 'ts-morph';
import { lineIndent } from './code-style.js';
import type { Evaluator } from './evaluate/evaluator.js';
import { nullish, type ObjectValue, type Scope, type Value } from './evaluate/value.js';
import { isFile, upwards } from './file-system.js';
import type { SourceLocation } from './schema.js';
import { namesOf, shorten, unwrap } from './syntax.js';

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
  /** Written with `require` and `module.exports`: an import would make it another kind of module. */
  commonJS: boolean;
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
  /** Whether the spread object has `plugins`, or may have by its type: `unknown` where it cannot be resolved. */
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
      /** Whether the name that holds the array is declared so that it may be undefined, as `Config['plugins']` says. */
      mayBeNothing?: boolean;
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
      /** Whether following the value showed that it is an array whatever happens, or an array or nothing. */
      isArray: 'always' | 'or-nothing' | 'unknown';
      /** How the plugins are written where they are set after the object is made, such as `config.plugins`. */
      setAs?: string;
      /** The last statement that does so, beside the object's own. */
      statement?: Span;
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
  /** Further objects of the same file that a condition chooses from: an edit must be made in each. */
  otherObjects: { object: ConfigObjectShape; plugins: PluginsShape }[];
  /** Why `object` is missing, in one sentence. */
  objectMissing?: string;
  objectLocation?: SourceLocation;
  /** Why it is not certain that Payload is given this very object, or anything of it: then nothing is edited. */
  uncertain?: string;
  /** The object is in another package, whose code this one's cannot be imported by. */
  foreign?: {
    /** What the config hands to `buildConfig`, as written, where it calls it itself. */
    argument?: string;
    /** Line of the config's default export. */
    line?: number;
  };
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

/** The config file where no object was found, and so nothing is known of what Payload is given. */
export function shapeOfUncertain(evaluator: Evaluator, file: string, reason: string): ConfigShape {
  return { ...shapeWithoutObject(evaluator, file, reason), uncertain: reason };
}

/** The config file where its object cannot be edited: enough to say why. */
function shapeWithoutObject(evaluator: Evaluator, file: string, reason: string): ConfigShape {
  const config = fileShape(evaluator, evaluator.load(file).source);
  return {
    config,
    otherObjects: [],
    objectMissing: reason,
    plugins: { kind: 'absent' },
    wired: usedByHand(config) ?? wiredIn([config], [{ kind: 'absent' }]),
  };
}

/**
 * Where things stand in the text around the config object, or the several that a condition chooses from. `configFile`
 * is the config that Payload loads, `unsure` why it may not be given these.
 */
export function readConfigShape(
  evaluator: Evaluator,
  values: ObjectValue[],
  configFile: string,
  unsure?: string,
): ConfigShape {
  const shape = shapeOfObjects(evaluator, values, configFile);
  return unsure === undefined ? shape : { ...shape, uncertain: unsure };
}

function shapeOfObjects(evaluator: Evaluator, values: ObjectValue[], configFile: string): ConfigShape {
  const places = values.map((value) => editablePlace(evaluator, value, configFile));
  const missing = places.find((place) => 'missing' in place);
  const [first, ...others] = places.flatMap((place) => ('missing' in place ? [] : [place]));
  if (missing || !first) {
    const { reason, node } = missing?.missing ?? { reason: 'the config is no object', node: values[0]!.node };
    const file = node.getSourceFile().fileName;
    return {
      ...shapeWithoutObject(evaluator, isOfPackage(evaluator, file) ? file : configFile, reason),
      objectLocation: evaluator.files.locate(node),
    };
  }
  const { literal } = first;
  const source = literal.getSourceFile();
  const elsewhere = others.find((other) => other.literal.getSourceFile() !== source);
  if (elsewhere) {
    const reason = 'a condition chooses the config among objects of several files';
    return {
      ...shapeWithoutObject(evaluator, configFile, reason),
      objectLocation: evaluator.files.locate(elsewhere.literal),
    };
  }
  const config = fileShape(evaluator, source);
  const object = objectShape(evaluator, literal, first.scope);
  const plugins = readPlugins(evaluator, first, config);
  const otherObjects = others
    .filter((other) => other.literal !== literal)
    .map((other) => ({
      object: objectShape(evaluator, other.literal, other.scope),
      plugins: readPlugins(evaluator, other, config),
    }));
  const entry =
    source.fileName === configFile ? [] : [fileShape(evaluator, evaluator.load(configFile).source)];
  const files = [
    config,
    ...(plugins.kind === 'array' && plugins.file !== config ? [plugins.file] : []),
    ...entry,
  ];
  const wired = wiredIn(files, [plugins, ...otherObjects.map((other) => other.plugins)]);
  if (wired.elements === 0 && !isOfPackage(evaluator, source.fileName)) {
    const reason = `the config object is in ${config.path}, which belongs to another package: code there cannot import this one's cache`;
    const entrySource = evaluator.load(configFile).source;
    const argument = argumentOfBuildConfig(entrySource);
    const exported = entrySource.statements.find(ts.isExportAssignment);
    return {
      ...shapeWithoutObject(evaluator, configFile, reason),
      objectLocation: evaluator.files.locate(literal),
      foreign: {
        ...(argument === undefined ? {} : { argument }),
        ...(exported ? { line: evaluator.files.locate(exported).line } : {}),
      },
      plugins,
    };
  }
  return {
    config,
    object,
    otherObjects,
    objectLocation: evaluator.files.locate(literal),
    plugins,
    cloudflareEnv: cloudflareEnv(evaluator, literal, source),
    wired,
  };
}

/** Whether a file belongs to the project's own package, not to one that it imports. */
function isOfPackage(evaluator: Evaluator, file: string): boolean {
  const { root } = evaluator.files;
  if (path.relative(root, file).startsWith('..')) return false;
  const owner = upwards(path.dirname(file)).find((directory) => isFile(path.join(directory, 'package.json')));
  return owner === undefined || owner === root || !owner.startsWith(root + path.sep);
}

/** What the file hands to Payload's own `buildConfig`, as it would be written at the beginning of a line. */
function argumentOfBuildConfig(source: ts.SourceFile): string | undefined {
  const isPayloads = source.statements.some(
    (statement) =>
      ts.isImportDeclaration(statement) &&
      ts.isStringLiteral(statement.moduleSpecifier) &&
      statement.moduleSpecifier.text === 'payload' &&
      importedNames(statement).includes('buildConfig'),
  );
  if (!isPayloads) return undefined;
  let found: string | undefined;
  function visit(node: ts.Node): void {
    if (ts.isCallExpression(node) && node.expression.getText(source) === 'buildConfig') {
      const [first] = node.arguments;
      const indent = first && lineIndent(source.text, first.getStart(source));
      found ??= first?.getText(source).replaceAll(`\n${indent}`, '\n');
    }
    ts.forEachChild(node, visit);
  }
  visit(source);
  return found;
}

/** The object literal in which an edit reaches the config, and its value. */
interface Place {
  literal: ts.ObjectLiteralExpression;
  scope: Scope;
  value: ObjectValue;
}

/**
 * Where `plugins` of the config can be written: its literal; the last literal of a merge, if it wins; the literal in
 * the config file that a helper passes through.
 */
function editablePlace(
  evaluator: Evaluator,
  value: ObjectValue,
  configFile: string,
): Place | { missing: { reason: string; node: ts.Node } } {
  const { merged } = value;
  if (merged) {
    const part = partForPlugins(merged);
    if (part) return editablePlace(evaluator, part, configFile);
    const others = merged.parts.slice(0, -1).filter(mayHavePlugins);
    const why =
      merged.arraysReplaced && others.length > 0
        ? ', in which plugins of one part would replace those of another'
        : '';
    const reason = `the config object is the result of ${shorten(value.node)}${why}`;
    return { missing: { reason: why ? reason : `${reason}, not an object literal`, node: value.node } };
  }
  const { node: literal, scope } = value;
  if (!ts.isObjectLiteralExpression(literal) || !scope) {
    const reason = `the config object is the result of ${shorten(literal)}, not an object literal`;
    return { missing: { reason, node: literal } };
  }
  return passedThrough(evaluator, literal, scope, configFile) ?? { literal, scope, value };
}

/**
 * The part of a merge in which plugins reach the config and replace none: the last one, or one before it where what
 * follows surely has no plugins. An empty object, such as the one of `overrides ?? {}`, is nobody's place for them.
 */
function partForPlugins({
  parts,
  arraysReplaced,
}: NonNullable<ObjectValue['merged']>): ObjectValue | undefined {
  for (const [at, part] of [...parts.entries()].reverse()) {
    if (part.kind !== 'object') return undefined;
    // Where it has plugins of its own, those replace the others already.
    const replaces =
      arraysReplaced && !part.entries().has('plugins') && parts.slice(0, at).some(mayHavePlugins);
    const isEmpty = part.entries().size === 0 && part.gaps().length === 0;
    if (!replaces && (!isEmpty || at === 0)) return part;
    if (part.entries().has('plugins') || part.gaps().length > 0) return undefined;
  }
  return undefined;
}

/** `{ ...config, more }` of a helper to which the config file hands a literal: that literal. */
function passedThrough(
  evaluator: Evaluator,
  literal: ts.ObjectLiteralExpression,
  scope: Scope,
  configFile: string,
): Place | undefined {
  if (literal.getSourceFile().fileName === configFile || isGivenToBuildConfig(literal)) return undefined;
  if (literal.properties.some((member) => member.name && nameOf(member.name) === 'plugins')) return undefined;
  const spreads = literal.properties
    .filter(ts.isSpreadAssignment)
    .map((spread) => evaluator.evaluate(spread.expression, scope));
  const given = spreads.filter((value) => value.node.getSourceFile().fileName === configFile);
  const [only, ...more] = given;
  if (only?.kind !== 'object' || more.length > 0) return undefined;
  if (spreads.some((value) => value !== only && mayHavePlugins(value))) return undefined;
  const place = editablePlace(evaluator, only, configFile);
  return 'missing' in place ? undefined : place;
}

/** A factory builds the config from what it is given: its own literal is the config. */
function isGivenToBuildConfig(literal: ts.Expression): boolean {
  let at: ts.Node = literal.parent;
  while (ts.isParenthesizedExpression(at) || ts.isAsExpression(at) || ts.isSatisfiesExpression(at))
    at = at.parent;
  return ts.isCallExpression(at) && /(?:^|\.)buildConfig$/.test(at.expression.getText());
}

/** Whether an object has plugins that would be lost with `plugins` of another one; an empty array is no loss. */
function mayHavePlugins(value: Value): boolean {
  if (value.kind === 'choice') return value.options.some(mayHavePlugins);
  if (value.kind === 'primitive') return false;
  if (value.kind !== 'object') return true;
  const plugins = value.entries().get('plugins')?.();
  if (!plugins) return value.gaps().length > 0;
  if (plugins.kind === 'primitive') return !nullish(plugins);
  return plugins.kind !== 'array' || plugins.items().length > 0;
}

// ---- files --------------------------------------------------------------------------------------------------------

function fileShape(evaluator: Evaluator, source: ts.SourceFile): FileShape {
  const { text } = source;
  const declarations = source.statements.filter(ts.isImportDeclaration);
  const imports: ImportShape[] = declarations.map((declaration) => {
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
  const commonJS = isCommonJS(source);
  if (commonJS) imports.push(...source.statements.flatMap((statement) => requireShape(evaluator, statement)));
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
    commonJS,
  };
}

function isCommonJS(source: ts.SourceFile): boolean {
  const isModule = source.statements.some(
    (statement) =>
      ts.isImportDeclaration(statement) ||
      ts.isExportDeclaration(statement) ||
      ts.isExportAssignment(statement) ||
      (ts.canHaveModifiers(statement) &&
        ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)),
  );
  return !isModule && /\brequire\(|\bmodule\.exports\b|\bexports\.\w/.test(source.text);
}

/** `const { name } = require('…')` as an import. */
function requireShape(evaluator: Evaluator, statement: ts.Statement): ImportShape[] {
  if (!ts.isVariableStatement(statement)) return [];
  const [declaration, ...more] = statement.declarationList.declarations;
  if (!declaration?.initializer || more.length > 0) return [];
  const call = /^require\(\s*(['"])([^'"]+)\1\s*\)/.exec(declaration.initializer.getText());
  if (!call) return [];
  const source = statement.getSourceFile();
  const target = evaluator.files.resolve(call[2]!, source.fileName);
  return [
    {
      start: statement.getStart(source),
      end: statement.end,
      specifier: call[2]!,
      typeOnly: false,
      names: namesOf(declaration.name),
      ...(target.kind === 'file' ? { resolved: evaluator.files.relative(target.path) } : {}),
    },
  ];
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
      hasPlugins:
        outcomes.includes(true) || isGivenAConfig(spread.expression)
          ? true
          : outcomes.includes('unknown')
            ? 'unknown'
            : false,
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

function readPlugins(evaluator: Evaluator, place: Place, config: FileShape): PluginsShape {
  const { literal, scope } = place;
  const source = literal.getSourceFile();
  const later = setLater(evaluator, place, config);
  if (later) return later;
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
    return { kind: 'other', reason, location, property, text: member.getText(source), isArray: 'unknown' };
  }
  const value = { start: written.getStart(source), end: written.end };
  const declaredArrayness = (found: 'always' | 'or-nothing' | 'unknown', of: ts.Expression) =>
    found === 'always' && mayReturnNothing(evaluator, of, scope) ? 'or-nothing' : found;
  const other = (reason: string): PluginsShape => ({
    kind: 'other',
    reason,
    location,
    property,
    value,
    text: source.text.slice(value.start, value.end),
    isArray: declaredArrayness(arrayness(evaluator.evaluate(written, scope)), written),
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
  return {
    kind: 'array',
    via,
    file,
    array: arrayShape(node),
    location: evaluator.files.locate(node),
    property,
    modifiedLater,
    ...(via === 'identifier' && typeMayBeNothing(declarationAround(node)?.type)
      ? { mayBeNothing: true }
      : {}),
  };
}

/** Whether it is a parameter whose type allows for plugins: another call may bring some than the one that was read. */
function isGivenAConfig(node: ts.Expression): boolean {
  const name = unwrap(node);
  if (!ts.isIdentifier(name)) return false;
  const declares = (parameter: ts.ParameterDeclaration) =>
    ts.isIdentifier(parameter.name) && parameter.name.text === name.text;
  for (let at: ts.Node | undefined = name; at; at = at.parent) {
    if (!ts.isFunctionLike(at)) continue;
    const parameter = at.parameters.find(declares);
    if (!parameter) continue;
    return /^(?:Partial<\s*)?(?:Config|SanitizedConfig)\s*>?$/.test(parameter.type?.getText() ?? '');
  }
  return false;
}

/** Whether a type allows for `undefined`: the compiler asks what becomes of it where the value is spread. */
function typeMayBeNothing(type: ts.TypeNode | undefined): boolean {
  if (!type) return false;
  const text = type.getText();
  if (/\b(?:NonNullable|Required|Exclude)</.test(text)) return false;
  return /\b(?:undefined|null)\b/.test(text) || /\[\s*['"]plugins['"]\s*\]$/.test(text);
}

/** As of {@link typeMayBeNothing}, of what a call of a function of the project returns. */
function mayReturnNothing(evaluator: Evaluator, call: ts.Expression, scope: Scope): boolean {
  const written = unwrap(call);
  if (!ts.isCallExpression(written)) return false;
  const { node } = evaluator.follow(written.expression, scope);
  const declared = declarationAround(node)?.type;
  const type = ts.isFunctionLike(node) && node.type ? node.type : declared;
  return typeMayBeNothing(type && ts.isFunctionTypeNode(type) ? type.type : type);
}

/** The variable that an expression is the value of, whatever is asserted in between. */
function declarationAround(node: ts.Node): ts.VariableDeclaration | undefined {
  let at = node.parent;
  while (at && (ts.isParenthesizedExpression(at) || ts.isAsExpression(at) || ts.isSatisfiesExpression(at)))
    at = at.parent;
  return at && ts.isVariableDeclaration(at) ? at : undefined;
}

function arrayShape(node: ts.ArrayLiteralExpression): ArrayShape {
  const source = node.getSourceFile();
  const elements = node.elements.map(
    (element): ElementShape => ({
      start: element.getStart(source),
      end: element.end,
      spread: ts.isSpreadElement(element),
      text: source.text.slice(element.getStart(source), element.end),
    }),
  );
  return { ...listShape(node, node.elements), elements, elementIndent: memberIndent(node, node.elements) };
}

/** Whether a value is an array whatever happens. */
function arrayness(value: Value): 'always' | 'or-nothing' | 'unknown' {
  const options = value.kind === 'choice' ? value.options : [value];
  if (options.every(({ kind }) => kind === 'array')) return 'always';
  const known = options.every((option) => option.kind === 'array' || nullish(option) === true);
  return known ? 'or-nothing' : 'unknown';
}

/**
 * Plugins that statements below the object set or add to: `config.plugins = […]`, which is as good a place as a
 * property, or anything else.
 */
function setLater(
  evaluator: Evaluator,
  { literal, scope, value }: Place,
  config: FileShape,
): PluginsShape | undefined {
  const source = literal.getSourceFile();
  const changes = changesOfPlugins(literal);
  const last = changes.at(-1);
  if (!last) {
    const inLiteral = literal.properties.some(
      (member) => ts.isSpreadAssignment(member) || (member.name && nameOf(member.name) === 'plugins'),
    );
    const final = value.entries().get('plugins')?.();
    if (inLiteral || !final || nullish(final)) return undefined;
    const span = { start: final.node.getStart(), end: final.node.end };
    const location = evaluator.files.locate(final.node);
    const reason = 'plugins is set after the config object is made';
    return { kind: 'other', reason, location, property: span, text: shorten(final.node), isArray: 'unknown' };
  }
  const property = { start: last.node.getStart(source), end: last.node.end };
  const location = evaluator.files.locate(last.node);
  const array = last.assigned ? unwrap(last.assigned) : undefined;
  if (changes.length === 1 && last.always && array && ts.isArrayLiteralExpression(array)) {
    const shape = arrayShape(array);
    return {
      kind: 'array',
      via: 'literal',
      file: config,
      array: shape,
      location,
      property,
      modifiedLater: false,
    };
  }
  return {
    kind: 'other',
    reason: 'plugins is set or added to after the config object is made',
    location,
    property,
    text: changes.map(({ node }) => node.getText(source)).join('\n'),
    isArray: last.assigned ? arrayness(evaluator.evaluate(last.assigned, scope)) : 'unknown',
    setAs: last.setAs,
    statement: { start: last.statement.getStart(source), end: last.statement.end },
  };
}

interface PluginsChange {
  node: ts.Node;
  /** E.g. `config.plugins`. */
  setAs: string;
  /** The value, where it is assigned. */
  assigned?: ts.Expression;
  /** Whether it is a statement beside the object's declaration, not under a condition. */
  always: boolean;
  /** The statement beside the object's declaration that it is in. */
  statement: ts.Node;
}

/** The statements that set or add to `plugins` of the constant that holds the object. */
function changesOfPlugins(literal: ts.ObjectLiteralExpression): PluginsChange[] {
  let declaration: ts.Node = literal.parent;
  while (
    ts.isParenthesizedExpression(declaration) ||
    ts.isAsExpression(declaration) ||
    ts.isSatisfiesExpression(declaration)
  )
    declaration = declaration.parent;
  if (!ts.isVariableDeclaration(declaration) || !ts.isIdentifier(declaration.name)) return [];
  const name = declaration.name.text;
  const block = declaration.parent.parent.parent;
  const found: PluginsChange[] = [];
  const isPlugins = (node: ts.Expression): boolean => {
    const at = unwrap(node);
    if (ts.isPropertyAccessExpression(at)) return at.name.text === 'plugins' && isName(at.expression);
    return (
      ts.isElementAccessExpression(at) &&
      ts.isStringLiteralLike(at.argumentExpression) &&
      at.argumentExpression.text === 'plugins' &&
      isName(at.expression)
    );
  };
  const isName = (node: ts.Expression): boolean => {
    const at = unwrap(node);
    return ts.isIdentifier(at) && at.text === name;
  };
  function visit(node: ts.Node): void {
    const always = ts.isExpressionStatement(node.parent) && node.parent.parent === block;
    let statement = node;
    while (statement.parent && statement.parent !== block) statement = statement.parent;
    if (ts.isBinaryExpression(node) && isPlugins(node.left)) {
      const isSet = node.operatorToken.kind === ts.SyntaxKind.EqualsToken;
      if (isSet) found.push({ node, setAs: node.left.getText(), assigned: node.right, always, statement });
      else if (/=$/.test(node.operatorToken.getText()))
        found.push({ node, setAs: node.left.getText(), always, statement });
    } else if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const { expression, name: method } = node.expression;
      if (/^(?:push|unshift|splice)$/.test(method.text) && isPlugins(expression)) {
        found.push({ node, setAs: unwrap(expression).getText(), always, statement });
      }
    }
    ts.forEachChild(node, visit);
  }
  ts.forEachChild(block, visit);
  return found;
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

/** What of an earlier init is there: with several objects, each must have the element. */
function wiredIn(files: FileShape[], plugins: PluginsShape[]): ConfigShape['wired'] {
  for (const file of files) {
    const found = file.imports.find(isOwnImport);
    if (!found) continue;
    const uses = plugins.map((each) => elementsUsing(each, found.names));
    const elements = Math.min(...uses.map(({ length }) => length));
    return {
      import: { ...found, file: file.path },
      elements,
      ...(elements > 0 ? { elementLocation: uses[0]![0]! } : {}),
    };
  }
  return { elements: 0 };
}

/** A cache that a person wired where nothing could be edited: the file imports the wrapper, and uses it. */
function usedByHand(file: FileShape): ConfigShape['wired'] | undefined {
  const found = file.imports.find(isOwnImport);
  if (!found || !usesAny(file.text.slice(0, found.start) + file.text.slice(found.end), found.names)) {
    return undefined;
  }
  return {
    import: { ...found, file: file.path },
    elements: 1,
    elementLocation: locationAt(file, found.start),
  };
}

/** Where the elements of `plugins` are that use one of the names. */
function elementsUsing(plugins: PluginsShape, names: string[]): SourceLocation[] {
  if (plugins.kind === 'array') {
    return plugins.array.elements
      .filter(({ text }) => usesAny(text, names))
      .map(({ start }) => locationAt(plugins.file, start));
  }
  return plugins.kind === 'other' && usesAny(plugins.text, names) ? [plugins.location] : [];
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

/** Whether the code uses one of the names: what comments and strings say is no use. */
function usesAny(code: string, names: string[]): boolean {
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, true, ts.LanguageVariant.Standard, code);
  let before: ts.SyntaxKind | undefined;
  for (let token = scanner.scan(); token !== ts.SyntaxKind.EndOfFileToken; token = scanner.scan()) {
    const isProperty = before === ts.SyntaxKind.DotToken || before === ts.SyntaxKind.QuestionDotToken;
    if (token === ts.SyntaxKind.Identifier && !isProperty && names.includes(scanner.getTokenText()))
      return true;
    before = token;
  }
  return false;
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
    /** Whether the config allows for there being none: `cf?.env.D1`. */
    optional: boolean;
  }
  const candidates = new Map<string, Candidate>();
  function visit(node: ts.Node): void {
    if (ts.isPropertyAccessExpression(node) && /^[A-Z][A-Z0-9_]*$/.test(node.name.text)) {
      const owner = unwrap(node.expression);
      const root = envRoot(owner);
      const declared = root ? declarationOf(root, literal, source) : undefined;
      if (declared && !isProcessEnv(declared.declaration)) {
        const expression = owner.getText(source).replaceAll('!', '').replaceAll('?.', '.');
        const known = candidates.get(expression) ?? {
          bindings: new Set<string>(),
          ...declared,
          sure: false,
          optional: false,
        };
        known.bindings.add(node.name.text);
        known.optional ||= ts.isOptionalChain(node);
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
  // Where there may be none, the wrapper finds the binding by itself.
  if (!best || best[1].optional) return undefined;
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
      candidates.set('cloudflare.env', { bindings: new Set(), ...declared, sure: true, optional: false });
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
