/** Reads the `payload-types.ts` that Payload generates: the catalogue of all collections and globals, plugins' too. */
import { readFileSync } from 'node:fs';
import { ts } from 'ts-morph';
import { field } from './implicit-fields.js';
import { mergeFields } from './fields.js';
import type { FieldSchema } from './schema.js';
import { syntaxErrors } from './syntax.js';

/** A collection or global as the generated types tell it. */
export interface TypedEntity {
  slug: string;
  /** Sorted by path. Types do not tell indexes, uniqueness or localization. */
  fields: FieldSchema[];
  auth: boolean;
  upload: boolean;
  drafts: boolean;
}

/** What the generated types tell. */
export interface TypedSchema {
  collections: TypedEntity[];
  globals: TypedEntity[];
  locales: string[];
}

const DEEPEST = 24;

/** Reads the generated types; a reason in words where the file is none or broken. */
export function readPayloadTypes(file: string): TypedSchema | { problem: string } {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  if (syntaxErrors(source).length > 0) return { problem: 'it has a syntax error' };
  const declarations = new Map<string, ts.InterfaceDeclaration | ts.TypeAliasDeclaration>();
  for (const statement of source.statements) {
    if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) {
      declarations.set(statement.name.text, statement);
    }
  }
  const config = declarations.get('Config');
  if (!config || !ts.isInterfaceDeclaration(config)) return { problem: 'it has no interface Config' };

  const collectionTypes = entityTypes(config, 'collections');
  const globalTypes = entityTypes(config, 'globals');
  const slugByType = new Map([...collectionTypes].map(([slug, type]) => [type, slug]));
  const auth = new Set(membersOf(memberType(config, 'auth')).map(memberName));
  const uploads = new Set(
    [...collectionTypes].filter(([, type]) => hasMembers(type, ['filename', 'mimeType'])).map(([slug]) => slug),
  );

  function entityTypes(of: ts.InterfaceDeclaration, part: string): Map<string, string> {
    const found = new Map<string, string>();
    for (const member of membersOf(memberType(of, part))) {
      const name = memberName(member);
      if (name && member.type && ts.isTypeReferenceNode(member.type)) found.set(name, member.type.typeName.getText());
    }
    return found;
  }

  function hasMembers(type: string, names: string[]): boolean {
    const declaration = declarations.get(type);
    if (!declaration || !ts.isInterfaceDeclaration(declaration)) return false;
    const own = new Set(propertiesOf(declaration.members).map(memberName));
    return names.every((name) => own.has(name));
  }

  /** The members of a union without null and undefined, named types that are no collection replaced by theirs. */
  function alternatives(type: ts.TypeNode, seen: string[]): { type: ts.TypeNode; seen: string[] }[] {
    if (ts.isParenthesizedTypeNode(type)) return alternatives(type.type, seen);
    if (ts.isUnionTypeNode(type)) return type.types.flatMap((each) => alternatives(each, seen));
    if (ts.isLiteralTypeNode(type) && type.literal.kind === ts.SyntaxKind.NullKeyword) return [];
    if (type.kind === ts.SyntaxKind.UndefinedKeyword) return [];
    if (ts.isTypeReferenceNode(type)) {
      const name = type.typeName.getText();
      const declaration = declarations.get(name);
      if (!slugByType.has(name) && declaration && ts.isTypeAliasDeclaration(declaration) && !seen.includes(name)) {
        return alternatives(declaration.type, [...seen, name]);
      }
    }
    return [{ type, seen }];
  }

  /** The properties of an object type, literal or named; `undefined` for what is none. */
  function objectMembers(type: ts.TypeNode): { members: ts.PropertySignature[]; open: boolean; name?: string } | undefined {
    if (ts.isTypeLiteralNode(type)) {
      return { members: propertiesOf(type.members), open: type.members.some(ts.isIndexSignatureDeclaration) };
    }
    if (ts.isTypeReferenceNode(type)) {
      const name = type.typeName.getText();
      const declaration = declarations.get(name);
      if (declaration && ts.isInterfaceDeclaration(declaration) && !slugByType.has(name)) {
        return {
          members: propertiesOf(declaration.members),
          open: declaration.members.some(ts.isIndexSignatureDeclaration),
          name,
        };
      }
    }
    return undefined;
  }

  function relationTargets(types: ts.TypeNode[]): { slugs: string[]; polymorphic: boolean } | undefined {
    const slugs = new Set<string>();
    let polymorphic = false;
    for (const type of types) {
      if (type.kind === ts.SyntaxKind.StringKeyword || type.kind === ts.SyntaxKind.NumberKeyword) continue;
      if (ts.isTypeReferenceNode(type)) {
        const slug = slugByType.get(type.typeName.getText());
        if (slug === undefined) return undefined;
        slugs.add(slug);
        continue;
      }
      const members = objectMembers(type)?.members;
      const names = members?.map(memberName) ?? [];
      if (!members || !names.includes('relationTo') || !names.includes('value') || names.length !== 2) return undefined;
      const target = members.find((member) => memberName(member) === 'relationTo')?.type;
      for (const each of target ? alternatives(target, []) : []) {
        if (ts.isLiteralTypeNode(each.type) && ts.isStringLiteral(each.type.literal)) slugs.add(each.type.literal.text);
      }
      polymorphic = true;
    }
    return slugs.size > 0 ? { slugs: [...slugs].sort(), polymorphic } : undefined;
  }

  interface Place {
    path: string;
    insideList: boolean;
    seen: string[];
    depth: number;
  }

  function readMembers(members: ts.PropertySignature[], prefix: string, place: Omit<Place, 'path'>, into: Map<string, FieldSchema>): void {
    for (const member of members) {
      const name = memberName(member);
      if (name && member.type) readType(member.type, { ...place, path: `${prefix}${name}` }, into);
    }
  }

  function put(into: Map<string, FieldSchema>, next: FieldSchema): void {
    const before = into.get(next.path);
    into.set(next.path, before ? mergeFields(before, next) : next);
  }

  function readType(type: ts.TypeNode, place: Place, into: Map<string, FieldSchema>): void {
    if (place.depth > DEEPEST) return;
    const options = alternatives(type, place.seen);
    const types = options.map((option) => option.type);
    const { path, insideList } = place;
    const relation = relationTargets(types);
    if (relation) {
      put(into, relationField(path, relation, false, insideList));
      return;
    }
    if (types.length === 1 && types[0] && ts.isArrayTypeNode(types[0])) {
      readArray(types[0].elementType, { ...place, seen: options[0]?.seen ?? place.seen }, into);
      return;
    }
    const [only] = types;
    const shape = types.length === 1 && only ? objectMembers(only) : undefined;
    if (only && shape) {
      const names = shape.members.map(memberName);
      if (names.includes('docs') && names.includes('hasNextPage')) {
        readJoin(shape.members, place, into);
      } else if (shape.open) {
        put(into, field({ path, type: names.includes('root') ? 'richText' : 'json', insideList }));
      } else if (!(shape.name && place.seen.includes(shape.name))) {
        put(into, field({ path, type: 'group', insideList }));
        const seen = shape.name ? [...place.seen, shape.name] : place.seen;
        readMembers(shape.members, `${path}.`, { ...place, seen, depth: place.depth + 1 }, into);
      }
      return;
    }
    put(into, field({ path, type: scalarType(types), insideList }));
  }

  function relationField(
    path: string,
    { slugs, polymorphic }: { slugs: string[]; polymorphic: boolean },
    hasMany: boolean,
    insideList: boolean,
  ): FieldSchema {
    const type = slugs.every((slug) => uploads.has(slug)) ? 'upload' : 'relationship';
    const targets = { relationTo: slugs, ...(polymorphic ? { polymorphic } : {}) };
    return field({ path, type, ...targets, hasMany, insideList });
  }

  function readArray(element: ts.TypeNode, place: Place, into: Map<string, FieldSchema>): void {
    const options = alternatives(element, place.seen);
    const types = options.map((option) => option.type);
    const { path, insideList } = place;
    const relation = relationTargets(types);
    if (relation) {
      put(into, relationField(path, relation, true, insideList));
      return;
    }
    const shapes = types.map(objectMembers);
    const isList = shapes.length > 0 && shapes.every((shape) => shape !== undefined && !shape.open);
    if (!isList) {
      const type = scalarType(types);
      put(into, field({ path, type, hasMany: type !== 'json', insideList }));
      return;
    }
    const blocks = shapes.some((shape) => shape?.members.some((member) => memberName(member) === 'blockType'));
    put(into, field({ path, type: blocks ? 'blocks' : 'array', insideList }));
    for (const shape of shapes) {
      if (!shape || (shape.name && place.seen.includes(shape.name))) continue;
      const seen = shape.name ? [...place.seen, shape.name] : place.seen;
      readMembers(shape.members, `${path}.`, { ...place, seen, insideList: true, depth: place.depth + 1 }, into);
    }
    for (const implicit of blocks ? ['blockName', 'blockType', 'id'] : ['id']) {
      into.set(`${path}.${implicit}`, field({ path: `${path}.${implicit}`, type: 'text', insideList: true }));
    }
  }

  function readJoin(members: ts.PropertySignature[], place: Place, into: Map<string, FieldSchema>): void {
    const docs = members.find((member) => memberName(member) === 'docs')?.type;
    const list = docs ? alternatives(docs, []).map((option) => option.type).find(ts.isArrayTypeNode) : undefined;
    const relation = list
      ? relationTargets(alternatives(list.elementType, []).map((option) => option.type))
      : undefined;
    put(
      into,
      field({
        path: place.path,
        type: 'join',
        insideList: place.insideList,
        join: { collection: relation?.slugs ?? [], on: '', hasWhere: false },
      }),
    );
  }

  function readEntity(slug: string, typeName: string, isCollection: boolean): TypedEntity {
    const declaration = declarations.get(typeName);
    const into = new Map<string, FieldSchema>();
    const isAuth = isCollection && auth.has(slug);
    if (declaration && ts.isInterfaceDeclaration(declaration)) {
      const members = propertiesOf(declaration.members).filter((member) => {
        const name = memberName(member);
        return !(isAuth && (name === 'password' || name === 'collection'));
      });
      readMembers(members, '', { insideList: false, seen: [typeName], depth: 0 }, into);
    }
    const upload = isCollection && uploads.has(slug);
    flagImplicit(into, isCollection, isAuth, upload);
    return {
      slug,
      fields: [...into.values()].sort((one, other) => (one.path < other.path ? -1 : 1)),
      auth: isAuth,
      upload,
      drafts: into.has('_status'),
    };
  }

  const locale = memberType(config, 'locale');
  return {
    collections: [...collectionTypes].map(([slug, type]) => readEntity(slug, type, true)),
    globals: [...globalTypes].map(([slug, type]) => readEntity(slug, type, false)),
    locales: (locale ? alternatives(locale, []) : []).flatMap(({ type }) =>
      ts.isLiteralTypeNode(type) && ts.isStringLiteral(type.literal) ? [type.literal.text] : [],
    ),
  };
}

/** What is known of the fields that Payload itself adds, though the types do not tell. */
function flagImplicit(into: Map<string, FieldSchema>, isCollection: boolean, auth: boolean, upload: boolean): void {
  function flag(path: string, flags: Partial<FieldSchema>): void {
    const own = into.get(path);
    if (own) Object.assign(own, flags);
  }
  flag('id', { unique: true, index: true });
  flag('_status', { type: 'select', index: true });
  for (const path of ['createdAt', 'updatedAt', 'deletedAt']) flag(path, { type: 'date', index: isCollection });
  if (auth) {
    flag('email', { type: 'email', unique: true });
    flag('username', { unique: true });
  }
  if (upload) flag('filename', { unique: true, index: true });
}

function scalarType(types: ts.TypeNode[]): string {
  if (types.length === 0) return 'json';
  const kinds = new Set(
    types.map((type) => {
      if (ts.isLiteralTypeNode(type)) {
        if (ts.isStringLiteral(type.literal)) return 'select';
        if (ts.isNumericLiteral(type.literal)) return 'number';
        return 'checkbox';
      }
      if (type.kind === ts.SyntaxKind.StringKeyword) return 'text';
      if (type.kind === ts.SyntaxKind.NumberKeyword) return 'number';
      if (type.kind === ts.SyntaxKind.BooleanKeyword) return 'checkbox';
      if (ts.isTupleTypeNode(type)) return 'point';
      return 'json';
    }),
  );
  return kinds.size === 1 ? [...kinds][0]! : 'json';
}

function memberType(of: ts.InterfaceDeclaration, name: string): ts.TypeNode | undefined {
  return propertiesOf(of.members).find((member) => memberName(member) === name)?.type;
}

function membersOf(type: ts.TypeNode | undefined): ts.PropertySignature[] {
  return type && ts.isTypeLiteralNode(type) ? propertiesOf(type.members) : [];
}

function propertiesOf(members: ts.NodeArray<ts.TypeElement>): ts.PropertySignature[] {
  return members.filter(ts.isPropertySignature);
}

function memberName(member: ts.PropertySignature): string | undefined {
  const { name } = member;
  return ts.isIdentifier(name) || ts.isStringLiteralLike(name) ? name.text : undefined;
}
