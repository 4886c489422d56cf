/** Collections and globals, with the fields that Payload adds to them. */
import { readAccess } from '../access.js';
import { nullish, type ObjectValue, plain, truthy, type Value } from '../evaluate/value.js';
import { sorted, union } from '../fields.js';
import { authFields, field, timestampFields, uploadFields } from '../implicit-fields.js';
import type { CollectionSchema, FieldSchema, GlobalSchema, SourceLocation } from '../schema.js';
import { inProject, note, noteGaps } from './notes.js';
import { addImplicit, type Fields, readConfigFields } from './read-fields.js';
import type { Reading } from './reading.js';
import { asObject, flag, get, list, text } from './values.js';

/** A collection, before it is connected with others. */
export interface ReadCollection extends CollectionSchema {
  joins: Fields['joins'];
  folders: boolean;
}

/** Reads a collection; `undefined` where it has no slug that could be read. */
export function readCollection(reading: Reading, item: Value): ReadCollection | undefined {
  const owner = asObject(reading, item, 'collections', ['slug']);
  if (!owner) return undefined;
  const slug = slugOf(reading, owner, 'collections');
  if (slug === undefined) return undefined;
  noteGaps(reading, owner, slug);
  const into = readConfigFields(reading, get(owner, 'fields'), `${slug}.fields`);
  const { versions, drafts, localizeStatus } = versionsOf(reading, owner, slug);
  const auth = flag(reading, owner, 'auth', slug);
  const upload = flag(reading, owner, 'upload', slug);
  const timestamps = get(owner, 'timestamps');
  if (truthy(timestamps) !== false || nullish(timestamps)) {
    for (const each of timestampFields(true, flag(reading, owner, 'trash', slug))) addImplicit(into, each);
  }
  if (drafts) addStatus(reading, into, localizeStatus);
  if (upload) addUpload(reading, owner, slug, into);
  if (auth) addAuth(reading, owner, into);
  const id = into.byPath.get('id');
  if (id) Object.assign(id, { unique: true, index: true });
  else into.byPath.set('id', field({ path: 'id', type: reading.idType, unique: true, index: true }));
  if (flag(reading, owner, 'orderable', slug)) {
    addImplicit(into, field({ path: '_order', type: 'text', index: true }));
  }
  const access = readAccess(reading.evaluator, owner);
  return {
    slug,
    origin: 'config',
    location: locationOf(reading, owner, `collections ${slug}`),
    auth,
    upload,
    versions,
    drafts,
    ...(access ? { access } : {}),
    fields: sorted(into.byPath),
    joins: into.joins,
    folders: flag(reading, owner, 'folders', slug),
  };
}

/** Reads a global; `undefined` where it has no slug that could be read. */
export function readGlobal(reading: Reading, item: Value): GlobalSchema | undefined {
  const owner = asObject(reading, item, 'globals', ['slug']);
  if (!owner) return undefined;
  const slug = slugOf(reading, owner, 'globals');
  if (slug === undefined) return undefined;
  noteGaps(reading, owner, slug);
  const into = readConfigFields(reading, get(owner, 'fields'), `${slug}.fields`);
  const { versions, drafts, localizeStatus } = versionsOf(reading, owner, slug);
  for (const each of timestampFields(false, false)) addImplicit(into, each);
  if (drafts) addStatus(reading, into, localizeStatus);
  if (!into.byPath.has('id')) {
    into.byPath.set('id', field({ path: 'id', type: reading.idType, unique: true, index: true }));
  }
  const access = readAccess(reading.evaluator, owner);
  return {
    slug,
    origin: 'config',
    location: locationOf(reading, owner, `globals ${slug}`),
    versions,
    drafts,
    ...(access ? { access } : {}),
    fields: sorted(into.byPath),
  };
}

/** Two collections with one slug. */
export function joined<T extends CollectionSchema>(one: T, other: T): T {
  return {
    ...other,
    auth: one.auth || other.auth,
    upload: one.upload || other.upload,
    versions: one.versions || other.versions,
    drafts: one.drafts || other.drafts,
    fields: union(one.fields, other.fields),
  };
}

function slugOf(reading: Reading, owner: ObjectValue, part: 'collections' | 'globals'): string | undefined {
  const slug = text(reading, get(owner, 'slug'), `${part}.slug`);
  if (slug !== undefined) return slug;
  noteGaps(reading, owner, part);
  if (nullish(get(owner, 'slug')))
    note(reading, part, owner.node, `the ${part.slice(0, -1)} has no slug that could be read`);
  return undefined;
}

/** Where it is written, or else the plugin that adds it. */
function locationOf(reading: Reading, owner: ObjectValue, key: string): SourceLocation {
  return reading.evaluator.files.locate(reading.ownNodes.get(key) ?? inProject(reading, owner.node));
}

function addUpload(reading: Reading, owner: ObjectValue, slug: string, into: Fields): void {
  const settings = get(owner, 'upload');
  const options = settings.kind === 'object' ? settings : undefined;
  const sizes = options ? list(reading, get(options, 'imageSizes'), `${slug}.upload.imageSizes`) : [];
  const names = sizes.flatMap((size) => {
    const name =
      size.kind === 'object' ? text(reading, get(size, 'name'), `${slug}.upload.imageSizes`) : undefined;
    return name === undefined ? [] : [name];
  });
  const focal = get(options ?? owner, 'focalPoint');
  for (const each of uploadFields({
    sizes: names,
    focalPoint:
      !options || plain(focal) !== false || names.length > 0 || !nullish(get(options, 'resizeOptions')),
    filenameUnique: !options || truthy(get(options, 'filenameCompoundIndex')) !== true,
  })) {
    addImplicit(into, each);
  }
}

function addAuth(reading: Reading, owner: ObjectValue, into: Fields): void {
  const settings = get(owner, 'auth');
  const options = settings.kind === 'object' ? settings : undefined;
  for (const each of authFieldsOf(
    reading,
    (name) => (options ? get(options, name) : undefined),
    (value, name) => (value.kind === 'object' ? get(value, name) : undefined),
  )) {
    addImplicit(into, each);
  }
}

function versionsOf(
  reading: Reading,
  owner: ObjectValue,
  part: string,
): { versions: boolean; drafts: boolean; localizeStatus: boolean } {
  const value = get(owner, 'versions');
  if (!flag(reading, owner, 'versions', part))
    return { versions: false, drafts: false, localizeStatus: false };
  let drafts = false;
  let localizeStatus = false;
  for (const option of value.kind === 'choice' ? value.options : [value]) {
    if (option.kind !== 'object') continue;
    noteGaps(reading, option, `${part}.versions`);
    if (!flag(reading, option, 'drafts', `${part}.versions`)) continue;
    drafts = true;
    const settings = get(option, 'drafts');
    if (settings.kind === 'object')
      localizeStatus ||= flag(reading, settings, 'localizeStatus', `${part}.versions.drafts`);
  }
  return { versions: true, drafts, localizeStatus };
}

/** The fields of auth, those that the project's Payload has. */
export function authFieldsOf(reading: Reading, ...options: Parameters<typeof authFields>): FieldSchema[] {
  return authFields(...options).filter(({ path }) => !reading.absentAuth.has(path.split('.')[0]!));
}

function addStatus(reading: Reading, into: Fields, localizeStatus: boolean): void {
  addImplicit(
    into,
    field({ path: '_status', type: 'select', index: true, localized: localizeStatus && reading.localized }),
  );
}
