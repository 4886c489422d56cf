/**
 * The edit of a Next config: the cache handler that keeps pages in the site's store. A splice at the end of the object
 * that the config exports; what is not surely that object is left, with the lines to paste.
 */

import type { CodeStyle } from '../../inspect/code-style.js';
import { propertyName } from '../../inspect/property-name.js';
import { ts } from '../../inspect/typescript.js';
import type { TransformResult } from '../plan.js';
import { fileStyle } from '../text/file-style.js';
import { quote } from '../text/literal.js';
import { restyle } from '../text/restyle.js';
import { applyEdits, insertMember, lineAt } from '../text/splice.js';
import { declares, exportedObject, importEdit, membersOf, nodeIn } from './exported-object.js';

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

/** The config of OpenNext, where a site is built for Cloudflare, and the module of this package that it is given. */
export const OPEN_NEXT_CONFIG = 'open-next.config.ts';
export const TAG_CACHE = 'payload-kv/next/open-next';

/** Whether a text, or a line of it, names one of them. */
export const namesHandler = (text: string): boolean =>
  [...Object.values(HANDLERS), TAG_CACHE].some((module) => text.includes(module));

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
  const pathOf = (module: string): string => `${resolve}(${quote(module, style.quotes)})`;
  const lines = [`cacheHandler: ${pathOf(HANDLERS.cacheHandler)}`];
  if (/\b(useCache|cacheComponents)\b/.test(text))
    lines.push(`cacheHandlers: { default: ${pathOf(HANDLERS.cacheHandlers)} }`);
  const statement = restyle(`import { createRequire } from 'node:module';`, { ...style, lineEnding: '\n' });
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
  const missing: string[] = [];
  for (const line of lines) {
    const name = line.slice(0, line.indexOf(':')) as keyof typeof HANDLERS;
    const member = object.properties[names.indexOf(name)];
    if (!member) missing.push(line);
    else if (!member.getText().includes(HANDLERS[name]))
      return refuse(`It has a \`${name}\` of its own.`, member);
  }
  if (missing.length === 0) return { ok: true, content: text, modified: false };
  const elsewhere = nodeIn(source, (node) => isOption(node) && node.parent.parent !== object);
  if (elsewhere) return refuse(`It names \`${elsewhere.getText()}\` in another place.`, elsewhere);
  const inserted = insertMember(text, membersOf(object), missing.join(`,${style.lineEnding}`), {
    ...style,
    trailingComma: style.trailingCommas,
    ownLine: true,
  });
  const imported = needsImport ? [importEdit(text, source, statement, style)] : [];
  return { ok: true, content: applyEdits(text, [...imported, ...inserted]), modified: true };
}

const hasModuleSyntax = (source: ts.SourceFile): boolean =>
  source.statements.some(
    (statement) => ts.isImportDeclaration(statement) || ts.isExportAssignment(statement),
  );

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
