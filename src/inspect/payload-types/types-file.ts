/** The file of the generated types, and its type nodes as they are written. */
import { ts } from '../typescript.js';

/** A file of generated types. */
export interface TypesFile {
  /** The types that the file declares, by name. */
  declarations: ReadonlyMap<string, TypeDeclaration>;
  /** The slugs of the collections by the names of their types. */
  slugByType: ReadonlyMap<string, string>;
  /** The slugs of the collections that log in. */
  auth: ReadonlySet<string>;
  /** The slugs of the collections of files. */
  uploads: ReadonlySet<string>;
}

type TypeDeclaration = ts.InterfaceDeclaration | ts.TypeAliasDeclaration;

/** Reads what the file declares; `undefined` where it has no interface `Config`. */
export function typesFile(
  source: ts.SourceFile,
): { file: TypesFile; config: ts.InterfaceDeclaration } | undefined {
  const declarations = new Map<string, TypeDeclaration>();
  for (const statement of source.statements) {
    if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) {
      declarations.set(statement.name.text, statement);
    }
  }
  const config = declarations.get('Config');
  if (!config || !ts.isInterfaceDeclaration(config)) return undefined;
  const collections = [...entityTypes(config, 'collections')];
  const uploads = collections.filter(([, type]) =>
    hasMembers(declarations.get(type), ['filename', 'mimeType']),
  );
  return {
    file: {
      declarations,
      slugByType: new Map(collections.map(([slug, type]) => [type, slug])),
      auth: new Set(membersOf(memberType(config, 'auth')).flatMap((member) => memberName(member) ?? [])),
      uploads: new Set(uploads.map(([slug]) => slug)),
    },
    config,
  };
}

/** The names of the types of collections or globals, by slug. */
export function entityTypes(
  config: ts.InterfaceDeclaration,
  part: 'collections' | 'globals',
): Map<string, string> {
  const found = new Map<string, string>();
  for (const member of membersOf(memberType(config, part))) {
    const name = memberName(member);
    if (name && member.type && ts.isTypeReferenceNode(member.type))
      found.set(name, member.type.typeName.getText());
  }
  return found;
}

function hasMembers(declaration: TypeDeclaration | undefined, names: string[]): boolean {
  if (!declaration || !ts.isInterfaceDeclaration(declaration)) return false;
  const own = new Set(propertiesOf(declaration.members).map(memberName));
  return names.every((name) => own.has(name));
}

/** The members of a union without null and undefined, named types that are no collection replaced by theirs. */
export function alternatives(
  file: TypesFile,
  type: ts.TypeNode,
  seen: string[],
): { type: ts.TypeNode; seen: string[] }[] {
  if (ts.isParenthesizedTypeNode(type)) return alternatives(file, type.type, seen);
  if (ts.isUnionTypeNode(type)) return type.types.flatMap((each) => alternatives(file, each, seen));
  if (ts.isLiteralTypeNode(type) && type.literal.kind === ts.SyntaxKind.NullKeyword) return [];
  if (type.kind === ts.SyntaxKind.UndefinedKeyword) return [];
  if (ts.isTypeReferenceNode(type)) {
    const name = type.typeName.getText();
    const declaration = file.declarations.get(name);
    if (
      !file.slugByType.has(name) &&
      declaration &&
      ts.isTypeAliasDeclaration(declaration) &&
      !seen.includes(name)
    ) {
      return alternatives(file, declaration.type, [...seen, name]);
    }
  }
  return [{ type, seen }];
}

/** The properties of an object type, literal or named; `undefined` for what is none. */
export function objectMembers(
  file: TypesFile,
  type: ts.TypeNode,
): { members: ts.PropertySignature[]; open: boolean; name?: string } | undefined {
  if (ts.isTypeLiteralNode(type)) {
    return { members: propertiesOf(type.members), open: type.members.some(ts.isIndexSignatureDeclaration) };
  }
  if (ts.isTypeReferenceNode(type)) {
    const name = type.typeName.getText();
    const declaration = file.declarations.get(name);
    if (declaration && ts.isInterfaceDeclaration(declaration) && !file.slugByType.has(name)) {
      return {
        members: propertiesOf(declaration.members),
        open: declaration.members.some(ts.isIndexSignatureDeclaration),
        name,
      };
    }
  }
  return undefined;
}

/** The slugs that a relation or upload refers to; `undefined` where the types are no relation. */
export function relationTargets(
  file: TypesFile,
  types: ts.TypeNode[],
): { slugs: string[]; polymorphic: boolean } | undefined {
  const slugs = new Set<string>();
  let polymorphic = false;
  for (const type of types) {
    if (type.kind === ts.SyntaxKind.StringKeyword || type.kind === ts.SyntaxKind.NumberKeyword) continue;
    if (ts.isTypeReferenceNode(type)) {
      const slug = file.slugByType.get(type.typeName.getText());
      if (slug === undefined) return undefined;
      slugs.add(slug);
      continue;
    }
    const members = objectMembers(file, type)?.members;
    const names = members?.map(memberName) ?? [];
    if (!members || !names.includes('relationTo') || !names.includes('value') || names.length !== 2)
      return undefined;
    const target = members.find((member) => memberName(member) === 'relationTo')?.type;
    for (const each of target ? alternatives(file, target, []) : []) {
      if (ts.isLiteralTypeNode(each.type) && ts.isStringLiteral(each.type.literal))
        slugs.add(each.type.literal.text);
    }
    polymorphic = true;
  }
  return slugs.size > 0 ? { slugs: [...slugs].sort(), polymorphic } : undefined;
}

/** The type of a property of an interface. */
export function memberType(of: ts.InterfaceDeclaration, name: string): ts.TypeNode | undefined {
  return propertiesOf(of.members).find((member) => memberName(member) === name)?.type;
}

/** The properties of an object type that is written in place. */
function membersOf(type: ts.TypeNode | undefined): ts.PropertySignature[] {
  return type && ts.isTypeLiteralNode(type) ? propertiesOf(type.members) : [];
}

/** The properties among members. */
export function propertiesOf(members: ts.NodeArray<ts.TypeElement>): ts.PropertySignature[] {
  return members.filter(ts.isPropertySignature);
}

/** The name of a property. */
export function memberName(member: ts.PropertySignature): string | undefined {
  const { name } = member;
  return ts.isIdentifier(name) || ts.isStringLiteralLike(name) ? name.text : undefined;
}
