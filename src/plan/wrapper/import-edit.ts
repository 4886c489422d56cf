/** Imports of this package in a file that the user owns: names come into those that are there, and go out of them. */

import type { CodeStyle } from '../../inspect/code-style.js';
import { ts } from '../../inspect/typescript.js';
import { moduleOf, spanOf, valuesOf, withoutName } from '../text/imports.js';
import { restyle } from '../text/restyle.js';
import { applyEdits, insertMember } from '../text/splice.js';

/** The text with a name imported from a module of this package. */
export function withImport(
  text: string,
  path: string,
  { name, module }: { name: string; module: string },
  style: CodeStyle,
): string {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports = source.statements.filter(ts.isImportDeclaration);
  const bindings = imports
    .filter((it) => moduleOf(it) === module)
    .map(valuesOf)
    .find(Boolean);
  if (bindings) {
    const names = bindings.elements.map((it) => it.name.text);
    if (names.includes(name)) return text;
    const next = names.findIndex((it) => it > name);
    const edits = insertMember(text, spanOf(bindings), name, {
      ...style,
      trailingComma: false,
      ...(next === -1 ? {} : { before: next }),
    });
    return applyEdits(text, edits);
  }
  const last = imports.filter((it) => isOfPackage(moduleOf(it) ?? '')).at(-1);
  const line = restyle(`import { ${name} } from '${module}';`, { ...style, lineEnding: '\n' });
  const at = last ? last.end : 0;
  return text.slice(0, at) + (last ? style.lineEnding + line : line + style.lineEnding) + text.slice(at);
}

/** The text without a name of this package among its imports, once nothing uses it. */
export function withoutImport(text: string, path: string, name: string): string {
  return withoutName(text, path, name, isOfPackage);
}

/** Whether a module is of this package: a name of the same spelling from elsewhere is the person's. */
function isOfPackage(module: string): boolean {
  return /^payload-kv(\/|$)/.test(module);
}
