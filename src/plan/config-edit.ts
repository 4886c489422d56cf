/**
 * The edit of the Payload config: one import and one element at the end of `plugins`. Inspection has located
 * everything; what is written is a splice. What could be overridden or is not surely an array is refused.
 */
import { ts } from 'ts-morph';
import { type CodeStyle, lineIndent } from '../inspect/code-style.js';
import type { ConfigShape, FileShape, Span } from '../inspect/config-shape.js';
import { fileStyle } from './file-style.js';
import { type GeneratedPaths, importSpecifier } from './generated-paths.js';
import { quote } from './literal.js';
import type { TransformResult } from './plan.js';
import { applyEdits, type Edit, insertMember, skipSameLineTrivia, skipTrivia } from './splice.js';

/** What is to be wired. */
export interface Wiring {
  shape: ConfigShape;
  paths: GeneratedPaths;
  style: CodeStyle;
  /** Whether the wrapper is a function of the Cloudflare env that the config holds. */
  withEnv: boolean;
}

/** The config with the cache in it. */
export function wireConfig(wiring: Wiring): TransformResult {
  const { shape, paths } = wiring;
  const file = shape.config;
  if (shape.wired.elements > 0) return { ok: true, content: file.text, modified: false };
  const style = fileStyle(file.text, file.path, wiring.style);

  const name = localName(wiring);
  const element = wiring.withEnv && shape.cloudflareEnv ? `${name}(${shape.cloudflareEnv.expression})` : name;
  const imported = wrapperImport(wiring) !== undefined;
  const specifier = importSpecifier(file.path, paths.wrapper, style.importExtension);
  const statement = importStatement(name, specifier, style, file.commonJS);
  const refuse: Refuse = (reason, line, { lines, instead, imports = [] }) => ({
    ok: false,
    reason,
    ...(line === undefined ? {} : { line }),
    paste: [[...imports, ...(imported ? [] : [statement])].join('\n'), lines].filter(Boolean).join('\n\n'),
    ...(instead === undefined ? {} : { instead }),
  });

  const lost = lostImport(wiring, style);
  if (lost) return { ok: true, content: applyEdits(file.text, [lost]), modified: true };

  if (shape.uncertain !== undefined) return refuseUncertain({ ...wiring, style }, element, refuse);
  const edits: Edit[] = [];
  for (const { object, plugins } of [shape, ...shape.otherObjects]) {
    const found = wirePlugins({ ...wiring, style, shape: { ...shape, object, plugins } }, element, refuse);
    if (!Array.isArray(found)) return found;
    edits.push(...found);
  }
  if (!imported) edits.unshift(importEdit(file, statement, style));
  return { ok: true, content: applyEdits(file.text, edits), modified: true };
}

/** An element that is there already and only lacks its import, or has it for its type alone. */
function lostImport({ shape, paths }: Wiring, style: CodeStyle): Edit | undefined {
  const { config: file, plugins } = shape;
  if (plugins.kind !== 'array' || plugins.file !== file) return undefined;
  const uses = (name: string) => plugins.array.elements.some(({ text }) => text.split('(')[0] === name);
  const ofType = file.imports.find(({ typeOnly, resolved }) => typeOnly && resolved === paths.wrapper);
  if (ofType?.names.some(uses)) {
    const text = file.text.slice(ofType.start, ofType.end).replace(/^import\s+type\b/, 'import');
    return { start: ofType.start, end: ofType.end, text };
  }
  const isDeclared = file.topLevelNames.includes('cache') || /\b(?:const|let|var)\s+cache\b/.test(file.text);
  if (isDeclared || !uses('cache')) return undefined;
  const specifier = importSpecifier(file.path, paths.wrapper, style.importExtension);
  return importEdit(file, importStatement('cache', specifier, style, file.commonJS), style);
}

/** What a person is told to write. */
interface ByHand {
  lines: string;
  /** What the lines replace, as it stands in the file. */
  instead?: string;
  /** Imports that the lines need besides the wrapper's. */
  imports?: string[];
}

type Refuse = (reason: string, line: number | undefined, byHand: ByHand) => TransformResult;

/** Refuses where Payload may not be given the object: what it is given is wired, or else the object as it would be. */
function refuseUncertain(wiring: Wiring, element: string, refuse: Refuse): TransformResult {
  const { shape, style } = wiring;
  const { config, object, plugins, objectLocation: at } = shape;
  const reason = sentence(shape.uncertain!);
  const line = at?.file === config.path ? at.line : undefined;
  const given = givenToBuildConfig(config);
  if (given && given.getStart() !== object?.start)
    return refuse(reason, line, aroundConfig(given, element, config, style));
  const found = wirePlugins(wiring, element, (_reason, _line, byHand) => refuse(reason, line, byHand));
  if (!Array.isArray(found)) return found;
  if (!object || plugins.kind === 'absent') return refuse(reason, line, { lines: `plugins: [${element}],` });
  const { start, end } = plugins.property;
  const edits = found.filter((edit) => edit.start >= start && edit.end <= end);
  const shifted = edits.map((edit) => ({ ...edit, start: edit.start - start, end: edit.end - start }));
  const instead = config.text.slice(start, end);
  return refuse(reason, line, { lines: applyEdits(instead, shifted), instead });
}

function wirePlugins({ shape, style }: Wiring, element: string, refuse: Refuse): Edit[] | TransformResult {
  const { object, plugins, config } = shape;
  const alone = `plugins: [${element}],`;
  if (!object) {
    const { objectLocation: at, foreign } = shape;
    const given = givenToBuildConfig(config);
    return refuse(
      sentence(shape.objectMissing ?? 'the config object is not an object literal'),
      at?.file === config.path ? at.line : foreign?.line,
      given
        ? aroundConfig(given, element, config, style)
        : { lines: foreign ? foreignLines(at?.file ?? 'there', element) : alone },
    );
  }
  const literal = expressionAt(config, object);

  const winning = object.spreads.find(({ afterPlugins, hasPlugins }) => afterPlugins && hasPlugins !== false);
  if (winning && plugins.kind !== 'absent') {
    return refuse(
      `\`${winning.text}\` stands after \`plugins\` and may replace it.`,
      winning.location.line,
      aroundConfig(literal, element, config, style),
    );
  }

  if (plugins.kind === 'absent') {
    const members = [...object.properties, ...object.spreads].sort((a, b) => a.start - b.start);
    const list = { start: object.start, end: object.end, members };
    const add = (member: string) =>
      insertMember(config.text, list, member, { ...style, trailingComma: style.trailingCommas });
    const [hiding, ...more] = object.spreads.filter(({ hasPlugins }) => hasPlugins !== false);
    if (!hiding) return add(`plugins: [${element}]`);
    const source = config.text.slice(hiding.start, hiding.end).replace(/^\.\.\.\s*/, '');
    // A name, whose plugins are known: after the spread ours replaces them and has them all.
    if (more.length === 0 && hiding.hasPlugins === true && /^[\w$]+(?:\.[\w$]+)*$/.test(source))
      return add(`plugins: [...(${source}.plugins ?? []), ${element}]`);
    return refuse(
      `\`${hiding.text}\` may bring plugins, which a \`plugins\` of its own would replace.`,
      hiding.location.line,
      aroundConfig(literal, element, config, style),
    );
  }

  if (plugins.kind === 'other' && plugins.setAs !== undefined) {
    const { setAs, statement } = plugins;
    const instead = statement && config.text.slice(statement.start, statement.end);
    const line = `${setAs} = [...(${setAs} ?? []), ${element}]${style.semicolons ? ';' : ''}`;
    return refuse(`${plugins.reason}.`, plugins.location.line, {
      lines: instead === undefined ? line : `${instead}\n${line}`,
      instead,
    });
  }

  if (plugins.kind === 'array' && plugins.via === 'literal' && plugins.file.path === config.path) {
    const value = propertyValue(config.text, plugins.property);
    if (!plugins.modifiedLater || isFilteredByTruth(value)) {
      const list = { ...plugins.array, members: plugins.array.elements };
      return insertMember(config.text, list, element, { ...style, trailingComma: style.trailingCommas });
    }
  }

  // The array may be used elsewhere or be added to later: ours comes last when the config spreads it.
  const value = propertyValue(config.text, plugins.property);
  const written = config.text.slice(plugins.property.start, plugins.property.end);
  if (!value) {
    const lines = ofAccessor(written, element) ?? alone.replace(/,$/, '');
    return refuse('`plugins` is a method or getter.', plugins.location.line, { lines, instead: written });
  }
  if (ts.isIdentifier(value.node) && value.node.text === 'undefined')
    return [{ start: value.start, end: value.end, text: `[${element}]` }];
  const branches = arraysOfCondition(value.node);
  if (branches.length > 0) {
    const offset = plugins.property.start - WRAPPED.length;
    const at = ({ pos, end }: ts.TextRange) => ({
      start: skipTrivia(config.text, offset + pos),
      end: offset + end,
    });
    return branches.flatMap((array) =>
      insertMember(config.text, { ...at(array), members: array.elements.map(at) }, element, {
        ...style,
        trailingComma: style.trailingCommas,
      }),
    );
  }
  const ofLiteral = plugins.kind === 'array' && plugins.mayBeNothing ? 'or-nothing' : 'always';
  const isArray = plugins.kind === 'array' ? ofLiteral : plugins.isArray;
  const proven = isArray !== 'unknown' || isSurelyArray(value.node, config.text);
  const [before, after] =
    isArray === 'or-nothing' ? ['(', ' ?? [])'] : isSimple(value.node) ? ['', ''] : ['(', ')'];
  const spread = `${before}${value.text}${after}`;
  if (!proven) {
    const lines =
      ofFunction(value.node, element) ??
      `plugins: [...${isSimple(value.node) ? `(${value.text} ?? [])` : `((${value.text}) ?? [])`}, ${element}]`;
    return refuse(
      `${plugins.kind === 'other' ? plugins.reason.replace(/\.?$/, '.') : ''} It is not certain that it is an array.`.trim(),
      plugins.location.line,
      { lines, instead: written },
    );
  }
  // Around the value, so that its key and the comments beside it stay.
  if (value.shorthand) return [insertAt(value.end, `: [...${spread}, ${element}]`)];
  return [insertAt(value.start, `[...${before}`), insertAt(value.end, `${after}, ${element}]`)];
}

/** What to write by hand where another package makes the config of options: in both. */
function foreignLines(file: string, element: string): string {
  return [
    '// here: hand the cache to what makes the config',
    `plugins: [${element}],`,
    '',
    `// ${file}: take plugins of the caller, e.g. as \`plugins: Plugin[] = []\`, and put them last`,
    'plugins: [/* those of now */ ...plugins],',
  ].join('\n');
}

/**
 * What to write by hand around an expression that is the config, whatever it is made of: a config with its plugins and
 * the cache. The type keeps for it what `buildConfig` gave.
 */
function aroundConfig(node: ts.Expression, element: string, file: FileShape, style: CodeStyle): ByHand {
  const source = node.getSourceFile();
  const { semicolons, indent, lineEnding } = style;
  const text = node.getText(source);
  const isTyped = /\.[cm]?tsx?$/.test(file.path);
  const typed = isTyped ? payloadTypeName(file) : undefined;
  const imports =
    typed?.isNew === true
      ? [
          `import type { ${typed.name === 'Config' ? 'Config' : `Config as ${typed.name}`} } from ${quote('payload', style.quotes)}${semicolons ? ';' : ''}`,
        ]
      : [];
  const name = ['config', 'baseConfig', 'ownConfig'].find((each) => !mentions(source, each)) ?? 'givenConfig';
  const statement = statementOf(node);
  if (statement) {
    const outer = lineIndent(file.text, statement.getStart(source));
    const own = lineIndent(file.text, node.getStart(source));
    const value = text.replaceAll(`${lineEnding}${own}`, `${lineEnding}${outer}`);
    const isCall = ts.isCallExpression(node.parent) && node.parent.arguments.length === 1;
    const [from, to] = isCall
      ? [node.parent.arguments.pos, node.parent.end - 1]
      : [node.getStart(source), node.end];
    const start = statement.getStart(source);
    const config = [
      '{',
      `${indent}...${name},`,
      `${indent}plugins: [...(${name}.plugins ?? []), ${element}],`,
      '}',
    ].join(`${lineEnding}${outer}`);
    return {
      imports,
      instead: statement.getText(source),
      lines: [
        `const ${name}${typed ? `: ${typed.name}` : ''} = ${value}${semicolons ? ';' : ''}`,
        '',
        `${outer}${file.text.slice(start, from)}${config}${file.text.slice(to, statement.end)}`,
      ].join(lineEnding),
    };
  }
  const type = typed ? `: ${typed.name}` : '';
  const plugins = `plugins: [...(${name}.plugins ?? []), ${element}]`;
  return {
    imports,
    instead: text,
    lines: `((${name}${type})${type} => ({ ...${name}, ${plugins} }))(${text})`,
  };
}

/** The statement in front of which what a config is made of can be named; none where a function stands in between. */
function statementOf(node: ts.Node): ts.Statement | undefined {
  for (let at = node.parent; at; at = at.parent) {
    if (ts.isFunctionLike(at)) return undefined;
    if (ts.isBlock(at.parent) || ts.isSourceFile(at.parent)) return at as ts.Statement;
  }
  return undefined;
}

/** How the file calls Payload's type of a config, and whether it has to be imported for that. */
function payloadTypeName({ imports, text, topLevelNames, path }: FileShape): {
  name: string;
  isNew: boolean;
} {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const bindings = statement.importClause?.namedBindings;
    if (statement.moduleSpecifier.text !== 'payload' || !bindings || !ts.isNamedImports(bindings)) continue;
    const known = bindings.elements.find((each) => (each.propertyName ?? each.name).text === 'Config');
    if (known) return { name: known.name.text, isNew: false };
  }
  const isTaken = topLevelNames.includes('Config') || imports.some(({ names }) => names.includes('Config'));
  return { name: isTaken ? 'PayloadConfig' : 'Config', isNew: true };
}

function mentions(source: ts.SourceFile, name: string): boolean {
  let found = false;
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && node.text === name && !isPropertyName(node)) found = true;
    if (!found) ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** What the file hands to Payload's own `buildConfig`, where it calls that once. */
function givenToBuildConfig({ path, text, imports }: FileShape): ts.Expression | undefined {
  if (!imports.some(({ specifier, names }) => specifier === 'payload' && names.includes('buildConfig')))
    return undefined;
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: ts.Expression[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText(source) === 'buildConfig')
      found.push(...node.arguments.slice(0, 1));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found.length === 1 ? found[0] : undefined;
}

/** The expression of a span, parsed with its surroundings. */
function expressionAt({ path, text }: FileShape, { start, end }: Span): ts.Expression {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  let found: ts.Node = source;
  const visit = (node: ts.Node): void => {
    if (node.getStart(source) === start && node.end === end) found = node;
    else if (node.pos <= start && node.end >= end) ts.forEachChild(node, visit);
  };
  visit(source);
  return found as ts.Expression;
}

/** A getter or method with the cache behind what it gives; a getter becomes a property, as an element may be one. */
function ofAccessor(text: string, element: string): string | undefined {
  const source = ts.createSourceFile('member.ts', `${WRAPPED}${text}})`, ts.ScriptTarget.Latest, true);
  const statement = source.statements[0];
  const wrapped = statement && ts.isExpressionStatement(statement) ? statement.expression : undefined;
  const object = wrapped && ts.isParenthesizedExpression(wrapped) ? wrapped.expression : undefined;
  const member = object && ts.isObjectLiteralExpression(object) ? object.properties[0] : undefined;
  if (member && ts.isMethodDeclaration(member) && member.body)
    return withReturned(member, member.body, element);
  if (!member || !ts.isGetAccessor(member) || !member.body) return undefined;
  const [only, ...more] = member.body.statements;
  const returned = only && more.length === 0 && ts.isReturnStatement(only) ? only.expression : undefined;
  if (returned && ts.isArrayLiteralExpression(returned)) return `plugins: ${withElement(returned, element)}`;
  const type = member.type ? `: ${member.type.getText(source)}` : '';
  const value = returned
    ? `(${returned.getText(source)})`
    : `(()${type} => ${member.body.getText(source)})()`;
  return `plugins: [...(${value} ?? []), ${element}]`;
}

/** A function of default plugins with the cache behind what it returns. */
function ofFunction(node: ts.Expression, element: string): string | undefined {
  if (!ts.isArrowFunction(node) && !ts.isFunctionExpression(node)) return undefined;
  const changed = withReturned(node, node.body, element);
  return changed && `plugins: ${changed}`;
}

/** A function's text with the element at the end of whatever it returns. */
function withReturned(node: ts.Node, body: ts.ConciseBody, element: string): string | undefined {
  const source = node.getSourceFile();
  const start = node.getStart(source);
  const edits = (ts.isBlock(body) ? returnedBy(body) : [body]).map((returned) => {
    let place = returned;
    while (ts.isParenthesizedExpression(place)) place = place.expression;
    const text = ts.isArrayLiteralExpression(place)
      ? withElement(place, element)
      : `[...(${place.getText(source)} ?? []), ${element}]`;
    return { start: place.getStart(source) - start, end: place.end - start, text };
  });
  return edits.length === 0 ? undefined : applyEdits(node.getText(source), edits);
}

function returnedBy(body: ts.Block): ts.Expression[] {
  const found: ts.Expression[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) return;
    if (ts.isReturnStatement(node) && node.expression) found.push(node.expression);
    ts.forEachChild(node, visit);
  };
  visit(body);
  return found;
}

function withElement(array: ts.ArrayLiteralExpression, element: string): string {
  const elements = array.elements.map((each) => each.getText());
  return `[${[...elements, element].join(', ')}]`;
}

function sentence(reason: string): string {
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1).replace(/\.$/, '')}.`;
}

function insertAt(position: number, text: string): Edit {
  return { start: position, end: position, text };
}

/**
 * The arrays that a condition chooses from, where each outcome is a literal: an element goes into each. Behind a spread
 * the elements would lose the type that `plugins` gives them.
 */
function arraysOfCondition(node: ts.Expression): ts.ArrayLiteralExpression[] {
  if (ts.isParenthesizedExpression(node)) return arraysOfCondition(node.expression);
  if (!ts.isConditionalExpression(node)) return [];
  const outcomes = [node.whenTrue, node.whenFalse].map((outcome) => {
    const inner = ts.isParenthesizedExpression(outcome) ? outcome.expression : outcome;
    return ts.isArrayLiteralExpression(inner) ? [inner] : arraysOfCondition(inner);
  });
  return outcomes.every(({ length }) => length > 0) ? outcomes.flat() : [];
}

/** What a property is put behind to be parsed alone. */
const WRAPPED = '({';

interface PropertyValue {
  node: ts.Expression;
  text: string;
  /** Where it stands in the file. */
  start: number;
  end: number;
  /** Just `plugins`, which is key and value. */
  shorthand: boolean;
}

/** The value of a `plugins` property; for the shorthand `plugins` its name. */
function propertyValue(text: string, property: Span): PropertyValue | undefined {
  const code = `${WRAPPED}${text.slice(property.start, property.end)}})`;
  const source = ts.createSourceFile('property.ts', code, ts.ScriptTarget.Latest, true);
  const statement = source.statements[0];
  if (!statement || !ts.isExpressionStatement(statement)) return undefined;
  const { expression } = statement;
  if (!ts.isParenthesizedExpression(expression) || !ts.isObjectLiteralExpression(expression.expression))
    return undefined;
  const member = expression.expression.properties[0];
  const shorthand = member !== undefined && ts.isShorthandPropertyAssignment(member);
  if (!member || !(shorthand || ts.isPropertyAssignment(member))) return undefined;
  const node = shorthand ? member.name : member.initializer;
  const offset = property.start - WRAPPED.length;
  const span = { start: offset + node.getStart(source), end: offset + node.end };
  return { node, text: node.getText(source), ...span, shorthand };
}

/** `[…].filter(Boolean)`: an element more in the literal stays one. */
function isFilteredByTruth(value: PropertyValue | undefined): boolean {
  if (!value || !ts.isCallExpression(value.node)) return false;
  const { expression, arguments: args } = value.node;
  return (
    ts.isPropertyAccessExpression(expression) &&
    ts.isArrayLiteralExpression(expression.expression) &&
    expression.name.text === 'filter' &&
    args.length === 1 &&
    args[0]!.getText() === 'Boolean'
  );
}

/** Whether `...node` needs no parentheses to read well. */
function isSimple(node: ts.Expression): boolean {
  return ts.isIdentifier(node) || ts.isPropertyAccessExpression(node) || ts.isCallExpression(node);
}

const arrayMethods = new Set([
  'filter',
  'map',
  'concat',
  'flat',
  'flatMap',
  'slice',
  'toSorted',
  'toReversed',
]);

/** Whether an expression is an array whatever happens, as far as this file alone can tell. */
function isSurelyArray(node: ts.Expression, fileText: string): boolean {
  if (ts.isArrayLiteralExpression(node)) return true;
  if (ts.isParenthesizedExpression(node) || ts.isAwaitExpression(node) || ts.isNonNullExpression(node)) {
    return isSurelyArray(node.expression, fileText);
  }
  if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node))
    return isSurelyArray(node.expression, fileText);
  if (ts.isConditionalExpression(node)) {
    return isSurelyArray(node.whenTrue, fileText) && isSurelyArray(node.whenFalse, fileText);
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken) {
    // `x ?? []` has the type of `plugins`, and that is an array or nothing.
    return isSurelyArray(node.right, fileText);
  }
  if (!ts.isCallExpression(node)) return false;
  const { expression } = node;
  if (ts.isPropertyAccessExpression(expression)) {
    return arrayMethods.has(expression.name.text) && isSurelyArray(expression.expression, fileText);
  }
  if (ts.isParenthesizedExpression(expression)) return isArrayFunction(expression.expression, fileText);
  return (
    ts.isIdentifier(expression) &&
    functionsNamed(expression.text, fileText).some((it) => isArrayFunction(it, fileText))
  );
}

function functionsNamed(name: string, fileText: string): ts.Node[] {
  const source = ts.createSourceFile('config.ts', fileText, ts.ScriptTarget.Latest, true);
  return source.statements.flatMap((statement): ts.Node[] => {
    if (ts.isFunctionDeclaration(statement) && statement.name?.text === name) return [statement];
    if (!ts.isVariableStatement(statement) || !(statement.declarationList.flags & ts.NodeFlags.Const))
      return [];
    return statement.declarationList.declarations.flatMap((declaration) =>
      ts.isIdentifier(declaration.name) && declaration.name.text === name && declaration.initializer
        ? [declaration.initializer]
        : [],
    );
  });
}

/** Whether every way out of a plain function returns an array literal, or its declared type says so. */
function isArrayFunction(node: ts.Node, fileText: string): boolean {
  if (!ts.isFunctionDeclaration(node) && !ts.isArrowFunction(node) && !ts.isFunctionExpression(node))
    return false;
  if (node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword) || node.asteriskToken)
    return false;
  if (node.type) return ts.isArrayTypeNode(node.type) || /^(Readonly)?Array</.test(node.type.getText());
  if (!node.body) return false;
  if (!ts.isBlock(node.body)) return isSurelyArray(node.body, fileText);
  const last = node.body.statements.at(-1);
  if (!last || !ts.isReturnStatement(last)) return false;
  const returned: (ts.Expression | undefined)[] = [];
  const visit = (child: ts.Node): void => {
    if (ts.isFunctionLike(child)) return;
    if (ts.isReturnStatement(child)) returned.push(child.expression);
    ts.forEachChild(child, visit);
  };
  visit(node.body);
  return returned.every((value) => value !== undefined && isSurelyArray(value, fileText));
}

/** `cache`, unless the file knows another thing by that name. */
function localName({ shape, paths }: Pick<Wiring, 'shape' | 'paths'>): string {
  const { config } = shape;
  const imported = wrapperImport({ shape, paths });
  if (imported) return imported;
  const source = ts.createSourceFile(paths.wrapper, config.text, ts.ScriptTarget.Latest, true);
  const names = new Set(config.topLevelNames);
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && !isPropertyName(node)) names.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return ['cache', 'payloadCache', 'contentCache'].find((name) => !names.has(name)) ?? 'payloadKVCache';
}

/** The name by which the config imports the wrapper already. */
function wrapperImport({ shape, paths }: Pick<Wiring, 'shape' | 'paths'>): string | undefined {
  const { import: found } = shape.wired;
  if (!found || found.file !== shape.config.path || found.resolved !== paths.wrapper) return undefined;
  return found.names.length === 1 ? found.names[0] : undefined;
}

function isPropertyName(node: ts.Identifier): boolean {
  const { parent } = node;
  return (
    (ts.isPropertyAssignment(parent) && parent.name === node) ||
    (ts.isPropertyAccessExpression(parent) && parent.name === node)
  );
}

function importStatement(name: string, specifier: string, style: CodeStyle, commonJS: boolean): string {
  const binding = name === 'cache' ? 'cache' : `cache${commonJS ? ':' : ' as'} ${name}`;
  const from = quote(specifier, style.quotes);
  const statement = commonJS
    ? `const { ${binding} } = require(${from})`
    : `import { ${binding} } from ${from}`;
  return `${statement}${style.semicolons ? ';' : ''}`;
}

function importEdit(file: FileShape, statement: string, style: CodeStyle): Edit {
  const at =
    file.imports.length > 0 ? skipSameLineTrivia(file.text, file.importInsertion) : file.importInsertion;
  const { lineEnding } = style;
  if (file.imports.length > 0) return { start: at, end: at, text: `${lineEnding}${statement}` };
  const before = at === 0 || file.text[at - 1] === '\n' || at === bomLength(file.text) ? '' : lineEnding;
  const rest = file.text.slice(at);
  const blank = /^\s*\n\s*\n/.test(rest) ? '' : lineEnding;
  const after = rest.startsWith('\n') || rest.startsWith('\r\n') ? '' : lineEnding;
  return { start: at, end: at, text: `${before}${statement}${blank}${after}` };
}

function bomLength(text: string): number {
  return text.startsWith('\ufeff') ? 1 : 0;
}
