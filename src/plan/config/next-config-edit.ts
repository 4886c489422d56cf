/**
 * The edit of a Next config: the cache handler that keeps pages in the site's store. A splice at the end of the object
 * that the config exports; what is not surely that object is left, with the lines to paste.
 */
import { ts } from 'ts-morph';
import type { CodeStyle } from '../../inspect/code-style.js';
import { propertyName } from '../../inspect/property-name.js';
import { unwrapped } from '../../inspect/written-value.js';
import type { TransformResult } from '../plan.js';
import { fileStyle } from '../text/file-style.js';
import { quote } from '../text/literal.js';
import { restyle } from '../text/restyle.js';
import { applyEdits, type Edit, insertMember, lineAt } from '../text/splice.js';

/** Names that a Next config may have, in the order in which Next looks for them. */
export const NEXT_CONFIGS = [
  'next.config.js',
  'next.config.mjs',
  'next.config.ts',
  'next.config.mts',
] as const;

/** The modules of this package that Next is given. */
export const HANDLERS = {
  cacheHandler: 'payload-kv/next/cache-handler',
  cacheHandlers: 'payload-kv/next/use-cache-handler',
} as const;

/** Whether a text, or a line of it, names one of them. */
export const namesHandler = (text: string): boolean =>
  Object.values(HANDLERS).some((module) => text.includes(module));

/** Adds the cache handler to a Next config, and the one for `'use cache'` where the config turns that on. */
export function addCacheHandler(
  text: string,
  path: string,
  { isModule, style: projectStyle }: { isModule: boolean; style: CodeStyle },
): TransformResult {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const style = fileStyle(text, path, projectStyle);
  // Node takes a `.js` for a module too where only its syntax says so; Next compiles a `.ts` to what its package is.
  const isESM = /\.m[jt]s$/.test(path) || isModule || (path.endsWith('.js') && hasModuleSyntax(source));
  const resolve = isESM ? 'createRequire(import.meta.url).resolve' : 'require.resolve';
  const write = (code: string): string => restyle(code, { ...style, lineEnding: '\n' });
  const pathOf = (module: string): string => `${resolve}(${quote(module, style.quotes)})`;
  const lines = [`cacheHandler: ${pathOf(HANDLERS.cacheHandler)}`];
  if (/\b(useCache|cacheComponents)\b/.test(text))
    lines.push(`cacheHandlers: { default: ${pathOf(HANDLERS.cacheHandlers)} }`);
  const statement = write(`import { createRequire } from 'node:module';`);
  const needsImport = isESM && !importsCreateRequire(source);
  const loader = isESM ? 'createRequire' : 'require';
  const refuse = (reason: string, at?: ts.Node): TransformResult => ({
    ok: false,
    reason,
    ...(at ? { line: lineAt(text, at.getStart()) } : {}),
    paste: [...(needsImport ? [statement, ''] : []), ...lines.map((line) => `${line},`)].join('\n'),
  });

  const object = exportedObject(source);
  if (!object) return refuse('What it exports is not surely one object literal.');
  const taken = (needsImport || !isESM) && nodeIn(source, (node) => declares(node, loader));
  if (taken) return refuse(`It has a \`${loader}\` of its own.`, taken);
  const names = object.properties.map((member) => member.name && propertyName(member.name));
  const edits: Edit[] = [];
  for (const line of lines) {
    const name = line.slice(0, line.indexOf(':')) as keyof typeof HANDLERS;
    const member = object.properties[names.indexOf(name)];
    if (!member) edits.push({ start: 0, end: 0, text: line });
    else if (!member.getText().includes(HANDLERS[name]))
      return refuse(`It has a \`${name}\` of its own.`, member);
  }
  if (edits.length === 0) return { ok: true, content: text, modified: false };
  const elsewhere = nodeIn(source, (node) => isOption(node) && node.parent.parent !== object);
  if (elsewhere) return refuse(`It names \`${elsewhere.getText()}\` in another place.`, elsewhere);
  const list = {
    start: object.getStart(),
    end: object.end,
    members: object.properties.map((member) => ({ start: member.getStart(), end: member.end })),
  };
  const code = edits.map((edit) => edit.text).join(`,${style.lineEnding}`);
  const inserted = insertMember(text, list, code, {
    ...style,
    trailingComma: style.trailingCommas,
    ownLine: true,
  });
  const imported = needsImport ? [importEdit(text, source, statement, style)] : [];
  return { ok: true, content: applyEdits(text, [...imported, ...inserted]), modified: true };
}

/** The first node of a file of which something holds. */
function nodeIn(node: ts.Node, holds: (node: ts.Node) => boolean): ts.Node | undefined {
  return holds(node) ? node : ts.forEachChild(node, (child) => nodeIn(child, holds));
}

const hasModuleSyntax = (source: ts.SourceFile): boolean =>
  source.statements.some(
    (statement) => ts.isImportDeclaration(statement) || ts.isExportAssignment(statement),
  );

/** Whether a node gives something a name: a variable, a function, an import. */
function declares(node: ts.Node, name: string): boolean {
  return (
    ts.isIdentifier(node) &&
    node.text === name &&
    (node.parent as Partial<ts.NamedDeclaration>).name === node &&
    !ts.isPropertyAccessExpression(node.parent) &&
    !ts.isPropertyAssignment(node.parent)
  );
}

/** Whether a node is the name of an option that is to be set here. */
function isOption(node: ts.Node): boolean {
  return (ts.isIdentifier(node) || ts.isStringLiteralLike(node)) && Object.hasOwn(HANDLERS, node.text);
}

function importsCreateRequire(source: ts.SourceFile): boolean {
  return source.statements.some((statement) => {
    if (!ts.isImportDeclaration(statement)) return false;
    const bindings = statement.importClause?.namedBindings;
    return (
      bindings !== undefined &&
      ts.isNamedImports(bindings) &&
      bindings.elements.some(
        ({ name, propertyName: as }) => name.text === 'createRequire' && as === undefined,
      )
    );
  });
}

/** Behind the last import; without any above all else but what has to come first. */
function importEdit(text: string, source: ts.SourceFile, statement: string, { lineEnding }: CodeStyle): Edit {
  const last = source.statements.filter(ts.isImportDeclaration).at(-1);
  if (last) return { start: last.end, end: last.end, text: lineEnding + statement };
  const first = /^\uFEFF?(?:#!.*\r?\n)?(?:\/\/ *@ts-.*\r?\n)?/.exec(text)?.[0].length ?? 0;
  return { start: first, end: first, text: statement + lineEnding + lineEnding };
}

/** The object literal that a config exports, through the functions that are called with it. */
function exportedObject(source: ts.SourceFile): ts.ObjectLiteralExpression | undefined {
  const exported = source.statements.flatMap((statement) => {
    if (ts.isExportAssignment(statement)) return [statement.expression];
    const right = ts.isExpressionStatement(statement) && assignedTo(statement.expression, 'module.exports');
    return right ? [right] : [];
  });
  // The last one of several may be made of the others.
  const [only, ...others] = exported;
  return only && others.length === 0 ? objectOf(only, source, 0) : undefined;
}

/** What an assignment gives to something of that text. */
function assignedTo(node: ts.Node, text: string): ts.Expression | undefined {
  const isAssignment =
    ts.isBinaryExpression(node) &&
    node.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
    node.left.getText() === text;
  return isAssignment ? node.right : undefined;
}

/** Names through which an object is followed. */
const MOST_STEPS = 10;

function objectOf(
  node: ts.Expression,
  source: ts.SourceFile,
  steps: number,
): ts.ObjectLiteralExpression | undefined {
  const expression = unwrapped(node);
  if (steps > MOST_STEPS) return undefined;
  if (ts.isObjectLiteralExpression(expression)) return expression;
  // withPayload(config, options), withBundleAnalyzer({ … })(config)
  if (ts.isCallExpression(expression)) {
    const [first] = expression.arguments;
    return first && takesConfig(expression, first) ? objectOf(first, source, steps + 1) : undefined;
  }
  if (!ts.isIdentifier(expression)) return undefined;
  if (nodeIn(source, (it) => assignedTo(it, expression.text) !== undefined)) return undefined;
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (ts.isIdentifier(name) && name.text === expression.text && initializer)
        return objectOf(initializer, source, steps + 1);
    }
  }
  return undefined;
}

/** Whether a function is surely called with the config: what an unknown one is given in place may be options of its own. */
function takesConfig({ expression }: ts.CallExpression, argument: ts.Expression): boolean {
  if (ts.isCallExpression(expression) || !ts.isObjectLiteralExpression(unwrapped(argument))) return true;
  return /(^|\.)(with|define)[A-Z]\w*$/.test(expression.getText());
}
