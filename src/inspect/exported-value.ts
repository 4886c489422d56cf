/** What a module exports by a name, as far as its own text tells. */
import { ts } from './typescript.js';
import { unwrapped } from './written-value.js';

/** The initialiser of an exported const, or the exported function; `null` where it is exported without either. */
export function exportedValue(source: ts.SourceFile, name: string): ts.Node | null | undefined {
  for (const statement of source.statements) {
    const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
    const exported = modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (exported && ts.isFunctionDeclaration(statement) && statement.name?.text === name) return statement;
    if (exported && ts.isVariableStatement(statement)) {
      for (const declaration of statement.declarationList.declarations) {
        if (ts.isIdentifier(declaration.name) && declaration.name.text === name) {
          return declaration.initializer ? unwrapped(declaration.initializer) : null;
        }
      }
    }
    if (
      ts.isExportDeclaration(statement) &&
      statement.exportClause &&
      ts.isNamedExports(statement.exportClause)
    ) {
      if (statement.exportClause.elements.some((it) => it.name.text === name)) return null;
    }
  }
  return undefined;
}

/** Whether a module exports something by that name. */
export function exportsName(text: string, name: string): boolean {
  return (
    exportedValue(ts.createSourceFile('module.ts', text, ts.ScriptTarget.Latest, true), name) !== undefined
  );
}
