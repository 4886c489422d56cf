/** Reads the `payload-types.ts` that Payload generates: the catalogue of all collections and globals, plugins' too. */
import { readFileSync } from 'node:fs';
import type { FieldSchema } from '../schema.js';
import { syntaxErrors } from '../syntax.js';
import { ts } from '../typescript.js';
import { readMembers } from './typed-fields.js';
import type { TypedEntity, TypedSchema } from './typed-schema.js';
import {
  alternatives,
  entityTypes,
  memberName,
  memberType,
  propertiesOf,
  type TypesFile,
  typesFile,
} from './types-file.js';

/** Reads the generated types; a reason in words where the file is none or broken. */
export function readPayloadTypes(path: string): TypedSchema | { problem: string } {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  if (syntaxErrors(source).length > 0) return { problem: 'it has a syntax error' };
  const read = typesFile(source);
  if (!read) return { problem: 'it has no interface Config' };
  const { file, config } = read;
  const locale = memberType(config, 'locale');
  return {
    collections: [...entityTypes(config, 'collections')].map(([slug, type]) =>
      readEntity(file, slug, type, true),
    ),
    globals: [...entityTypes(config, 'globals')].map(([slug, type]) => readEntity(file, slug, type, false)),
    locales: (locale ? alternatives(file, locale, []) : []).flatMap(({ type }) =>
      ts.isLiteralTypeNode(type) && ts.isStringLiteral(type.literal) ? [type.literal.text] : [],
    ),
  };
}

function readEntity(file: TypesFile, slug: string, typeName: string, isCollection: boolean): TypedEntity {
  const declaration = file.declarations.get(typeName);
  const into = new Map<string, FieldSchema>();
  const isAuth = isCollection && file.auth.has(slug);
  if (declaration && ts.isInterfaceDeclaration(declaration)) {
    const members = propertiesOf(declaration.members).filter((member) => {
      const name = memberName(member);
      return !(isAuth && (name === 'password' || name === 'collection'));
    });
    readMembers(file, members, '', { insideList: false, seen: [typeName], depth: 0 }, into);
  }
  const upload = isCollection && file.uploads.has(slug);
  flagImplicit(into, isCollection, isAuth, upload);
  return {
    slug,
    fields: [...into.values()].sort((one, other) => (one.path < other.path ? -1 : 1)),
    auth: isAuth,
    upload,
    drafts: into.has('_status'),
  };
}

/** What is known of the fields that Payload itself adds, though the types do not tell. */
function flagImplicit(
  into: Map<string, FieldSchema>,
  isCollection: boolean,
  auth: boolean,
  upload: boolean,
): void {
  function flag(path: string, flags: Partial<FieldSchema>): void {
    const own = into.get(path);
    if (own) Object.assign(own, flags);
  }
  flag('id', { unique: true, index: true });
  flag('_status', { type: 'select', index: true });
  for (const path of ['createdAt', 'updatedAt', 'deletedAt'])
    flag(path, { type: 'date', index: isCollection });
  if (auth) {
    flag('email', { type: 'email', unique: true });
    flag('username', { unique: true });
  }
  if (upload) flag('filename', { unique: true, index: true });
}
