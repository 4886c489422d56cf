/** What is there of an earlier init: the import of the wrapper, and the elements of `plugins` that use it. */
import path from 'node:path';
import type { SourceLocation } from '../schema.js';
import { ts } from '../typescript.js';
import { locationAt } from './files.js';
import type { ConfigShape, FileShape, ImportShape, PluginsShape } from './shape.js';

/** What of an earlier init is there: with several objects, each must have the element. */
export function wiredIn(files: FileShape[], plugins: PluginsShape[]): ConfigShape['wired'] {
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
export function usedByHand(file: FileShape): ConfigShape['wired'] | undefined {
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
