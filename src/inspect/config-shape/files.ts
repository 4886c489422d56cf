/** Files, as far as an edit of them needs: their imports and the names at their top level. */

import type { Evaluator } from '../evaluate/evaluator.js';
import type { SourceLocation } from '../schema.js';
import { namesOf } from '../syntax.js';
import { ts } from '../typescript.js';
import type { FileShape, ImportShape } from './shape.js';

/** The shape of a file. */
export function fileShape(evaluator: Evaluator, source: ts.SourceFile): FileShape {
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

/** The local names that an import binds. */
export function importedNames(declaration: ts.ImportDeclaration): string[] {
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

/** The line of a position. */
export function locationAt(file: FileShape, position: number): SourceLocation {
  return { file: file.path, line: file.text.slice(0, position).split('\n').length };
}
