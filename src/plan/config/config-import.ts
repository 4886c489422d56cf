/** The import of the wrapper in the config: under which name, how it is written, and where it goes. */

import type { CodeStyle } from '../../inspect/code-style.js';
import type { ConfigShape, FileShape } from '../../inspect/config-shape/shape.js';
import { ts } from '../../inspect/typescript.js';
import { type GeneratedPaths, importSpecifier } from '../generated-paths.js';
import { mentions } from '../text/identifiers.js';
import { quote } from '../text/literal.js';
import { type Edit, skipSameLineTrivia } from '../text/splice.js';

/** The config and what is imported into it. */
export interface WrapperImport {
  shape: ConfigShape;
  paths: GeneratedPaths;
}

/** `cache`, unless the file knows another thing by that name. */
export function localName({ shape, paths }: WrapperImport): string {
  const { config } = shape;
  const imported = wrapperImport({ shape, paths });
  if (imported) return imported;
  const source = ts.createSourceFile(paths.wrapper, config.text, ts.ScriptTarget.Latest, true);
  const isTaken = (name: string) => config.topLevelNames.includes(name) || mentions(source, name);
  return ['cache', 'payloadCache', 'contentCache'].find((name) => !isTaken(name)) ?? 'payloadKVCache';
}

/** The name by which the config imports the wrapper already. */
export function wrapperImport({ shape, paths }: WrapperImport): string | undefined {
  const { import: found } = shape.wired;
  if (!found || found.file !== shape.config.path || found.resolved !== paths.wrapper) return undefined;
  return found.names.length === 1 ? found.names[0] : undefined;
}

/** The statement that imports the wrapper by a name, or requires it. */
export function importStatement(
  name: string,
  { shape: { config }, paths }: WrapperImport,
  style: CodeStyle,
): string {
  const binding = name === 'cache' ? 'cache' : `cache${config.commonJS ? ':' : ' as'} ${name}`;
  const from = quote(importSpecifier(config.path, paths.wrapper, style.importExtension), style.quotes);
  const statement = config.commonJS
    ? `const { ${binding} } = require(${from})`
    : `import { ${binding} } from ${from}`;
  return `${statement}${style.semicolons ? ';' : ''}`;
}

/** The edit that puts a statement behind the imports of a file, or first where it has none. */
export function importEdit(file: FileShape, statement: string, style: CodeStyle): Edit {
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
