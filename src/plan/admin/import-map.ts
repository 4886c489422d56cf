/** Payload's import map, `importMap.js`: by it the admin panel finds the components of this package. */

/** What the file is called. */
export const IMPORT_MAP = 'importMap.js';

const IMPORTS = /^import\s*\{[^}]*\}\s*from\s*(['"])payload-kv\/(?:rsc|client)\1;?[ \t]*\r?\n/gm;
const ENTRIES = /^[ \t]*(['"])payload-kv\/(?:rsc|client)#\w+\1:\s*\w+,?[ \t]*\r?\n/gm;

/** Those of the components that a map does not have. */
export function missingIn(text: string, components: readonly string[]): string[] {
  return components.filter((component) => !new RegExp(`['"]${component}['"]\\s*:`).test(text));
}

/** A map without the components of this package. */
export function withoutComponents(text: string): string {
  return text.replace(IMPORTS, '').replace(ENTRIES, '');
}
