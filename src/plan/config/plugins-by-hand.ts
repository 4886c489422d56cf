/** What a person is told to write where `plugins` cannot be edited safely: in the words of the file itself. */

import { type CodeStyle, lineIndent } from '../../inspect/code-style.js';
import type { FileShape } from '../../inspect/config-shape/shape.js';
import { ts } from '../../inspect/typescript.js';
import { mentions } from '../text/identifiers.js';
import { quote } from '../text/literal.js';
import { orEmpty } from '../text/operand.js';
import { applyEdits } from '../text/splice.js';

/** What a person is told to write. */
export interface ByHand {
  lines: string;
  /** What the lines replace, as it stands in the file. */
  instead?: string;
  /** Imports that the lines need besides the wrapper's. */
  imports?: string[];
}

/** What to write by hand where another package makes the config of options: in both. */
export function foreignLines(file: string, element: string): string {
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
export function aroundConfig(
  node: ts.Expression,
  element: string,
  file: FileShape,
  style: CodeStyle,
): ByHand {
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

/** What the file hands to Payload's own `buildConfig`, where it calls that once. */
export function givenToBuildConfig({ path, text, imports }: FileShape): ts.Expression | undefined {
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

/** A getter or method with the cache behind what it gives; a getter becomes a property, as an element may be one. */
export function ofAccessor(text: string, element: string): string | undefined {
  const source = ts.createSourceFile('member.ts', `({${text}})`, ts.ScriptTarget.Latest, true);
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
export function ofFunction(node: ts.Expression, element: string): string | undefined {
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
      : `[...${orEmpty(place)}, ${element}]`;
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
