/** From types to fields. */

import { mergeFields } from '../fields.js';
import { field } from '../implicit-fields.js';
import type { FieldSchema } from '../schema.js';
import { ts } from '../typescript.js';
import { alternatives, memberName, objectMembers, relationTargets, type TypesFile } from './types-file.js';

const DEEPEST = 24;

interface Place {
  path: string;
  insideList: boolean;
  seen: string[];
  depth: number;
}

/** Reads the fields of an object type. */
export function readMembers(
  file: TypesFile,
  members: ts.PropertySignature[],
  prefix: string,
  place: Omit<Place, 'path'>,
  into: Map<string, FieldSchema>,
): void {
  for (const member of members) {
    const name = memberName(member);
    if (name && member.type) readType(file, member.type, { ...place, path: `${prefix}${name}` }, into);
  }
}

function put(into: Map<string, FieldSchema>, next: FieldSchema): void {
  const before = into.get(next.path);
  into.set(next.path, before ? mergeFields(before, next) : next);
}

function readType(file: TypesFile, type: ts.TypeNode, place: Place, into: Map<string, FieldSchema>): void {
  if (place.depth > DEEPEST) return;
  const options = alternatives(file, type, place.seen);
  const types = options.map((option) => option.type);
  const { path, insideList } = place;
  const relation = relationTargets(file, types);
  if (relation) {
    put(into, relationField(file, path, relation, false, insideList));
    return;
  }
  if (types.length === 1 && types[0] && ts.isArrayTypeNode(types[0])) {
    readArray(file, types[0].elementType, { ...place, seen: options[0]?.seen ?? place.seen }, into);
    return;
  }
  const [only] = types;
  const shape = types.length === 1 && only ? objectMembers(file, only) : undefined;
  if (only && shape) {
    const names = shape.members.map(memberName);
    if (names.includes('docs') && names.includes('hasNextPage')) {
      readJoin(file, shape.members, place, into);
    } else if (shape.open) {
      put(into, field({ path, type: names.includes('root') ? 'richText' : 'json', insideList }));
    } else if (!(shape.name && place.seen.includes(shape.name))) {
      put(into, field({ path, type: 'group', insideList }));
      const seen = shape.name ? [...place.seen, shape.name] : place.seen;
      readMembers(file, shape.members, `${path}.`, { ...place, seen, depth: place.depth + 1 }, into);
    }
    return;
  }
  put(into, field({ path, type: scalarType(types), insideList }));
}

function relationField(
  file: TypesFile,
  path: string,
  { slugs, polymorphic }: { slugs: string[]; polymorphic: boolean },
  hasMany: boolean,
  insideList: boolean,
): FieldSchema {
  const type = slugs.every((slug) => file.uploads.has(slug)) ? 'upload' : 'relationship';
  const targets = { relationTo: slugs, ...(polymorphic ? { polymorphic } : {}) };
  return field({ path, type, ...targets, hasMany, insideList });
}

function readArray(
  file: TypesFile,
  element: ts.TypeNode,
  place: Place,
  into: Map<string, FieldSchema>,
): void {
  const options = alternatives(file, element, place.seen);
  const types = options.map((option) => option.type);
  const { path, insideList } = place;
  const relation = relationTargets(file, types);
  if (relation) {
    put(into, relationField(file, path, relation, true, insideList));
    return;
  }
  const shapes = types.map((type) => objectMembers(file, type));
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
    readMembers(
      file,
      shape.members,
      `${path}.`,
      { ...place, seen, insideList: true, depth: place.depth + 1 },
      into,
    );
  }
  for (const implicit of blocks ? ['blockName', 'blockType', 'id'] : ['id']) {
    into.set(`${path}.${implicit}`, field({ path: `${path}.${implicit}`, type: 'text', insideList: true }));
  }
}

function readJoin(
  file: TypesFile,
  members: ts.PropertySignature[],
  place: Place,
  into: Map<string, FieldSchema>,
): void {
  const docs = members.find((member) => memberName(member) === 'docs')?.type;
  const list = docs
    ? alternatives(file, docs, [])
        .map((option) => option.type)
        .find(ts.isArrayTypeNode)
    : undefined;
  const relation = list
    ? relationTargets(
        file,
        alternatives(file, list.elementType, []).map((option) => option.type),
      )
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

/** The type of a field that has neither fields nor relations. */
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
