import { ts } from '../inspect/typescript.js';

/** Slugs that `payload-types.ts` knows. */
export interface TypedSlugs {
  collections: Set<string>;
  globals: Set<string>;
}

/** The slugs of the `Config` interface of a `payload-types.ts`; `undefined` where the file has none. */
export function typedSlugs(text: string): TypedSlugs | undefined {
  const source = ts.createSourceFile('payload-types.ts', text, ts.ScriptTarget.Latest, true);
  const config = source.statements.find(
    (it): it is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(it) && it.name.text === 'Config',
  );
  if (!config) return undefined;
  const keys = (name: string) => {
    const found = config.members.find((it) => it.name?.getText(source) === name);
    const type = found && ts.isPropertySignature(found) ? found.type : undefined;
    return type && ts.isTypeLiteralNode(type)
      ? new Set(type.members.flatMap((it) => nameOf(it.name)))
      : undefined;
  };
  const collections = keys('collections');
  const globals = keys('globals');
  return collections && globals ? { collections, globals } : undefined;
}

function nameOf(name: ts.PropertyName | undefined): string[] {
  if (!name) return [];
  return ts.isIdentifier(name) || ts.isStringLiteralLike(name) || ts.isNumericLiteral(name)
    ? [name.text]
    : [];
}
