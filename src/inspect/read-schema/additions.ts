/** What Payload makes of all collections together: users, folders, both ends of a join. */
import { nullish, plain } from '../evaluate/value.js';
import { byFieldPath, union } from '../fields.js';
import { field, timestampFields } from '../implicit-fields.js';
import { authFieldsOf, type ReadCollection } from './entities.js';
import { CONDITION, isOpen } from './notes.js';
import type { Reading } from './reading.js';
import { get, text } from './values.js';

type Collections = Map<string, ReadCollection>;

/** Payload's own users, where no collection logs in. */
export function addDefaultUsers(reading: Reading, collections: Collections): void {
  const admin = get(reading.config, 'admin');
  const user = admin.kind === 'object' ? get(admin, 'user') : undefined;
  if ((user && !nullish(user)) || [...collections.values()].some((each) => each.auth)) return;
  if (collections.has('users')) return;
  // Where collections could not be read, one of them may be the one that logs in.
  const unread = [...reading.notices.values()].filter(({ reason }) => reason !== CONDITION);
  if (unread.some(({ part }) => part === 'collections' || part === 'config')) return;
  const fields = [
    ...authFieldsOf(
      reading,
      () => undefined,
      () => undefined,
    ),
    ...timestampFields(true, false),
    field({ path: 'id', type: reading.idType, unique: true, index: true }),
  ];
  collections.set('users', {
    slug: 'users',
    origin: 'config',
    auth: true,
    upload: false,
    versions: false,
    drafts: false,
    fields: fields.sort(byFieldPath),
    joins: [],
    folders: false,
  });
}

/** Payload's own folders, where a collection has them. */
export function addFolders(reading: Reading, collections: Collections): void {
  const settings = get(reading.config, 'folders');
  const withFolders = [...collections.values()].filter((each) => each.folders);
  if (plain(settings) === false || withFolders.length === 0) return;
  const options = settings.kind === 'object' ? settings : undefined;
  const slug = (options && text(reading, get(options, 'slug'), 'folders.slug')) ?? 'payload-folders';
  const name = (options && text(reading, get(options, 'fieldName'), 'folders.fieldName')) ?? 'folder';
  const folder = field({ path: name, type: 'relationship', index: true, relationTo: [slug] });
  for (const each of withFolders) each.fields = union(each.fields, [folder]);
  const specific = !options || plain(get(options, 'collectionSpecific')) !== false;
  const members = [slug, ...withFolders.map((each) => each.slug)].sort();
  collections.set(slug, {
    slug,
    origin: 'config',
    auth: false,
    upload: false,
    versions: false,
    drafts: false,
    joins: [],
    folders: false,
    fields: [
      folder,
      field({ path: 'name', type: 'text', index: true }),
      field({
        path: 'documentsAndFolders',
        type: 'join',
        hasMany: true,
        join: { collection: members, on: name, hasWhere: false },
      }),
      ...(specific ? [field({ path: 'folderType', type: 'select', hasMany: true })] : []),
      ...timestampFields(true, false),
      field({ path: 'id', type: reading.idType, unique: true, index: true }),
    ].sort(byFieldPath),
  });
}

/** As Payload does: a join indexes the field that it reads, and takes its `hasMany` and `localized` from it. */
export function connectJoins(reading: Reading, collections: Collections): void {
  for (const collection of [...collections.values()]) {
    for (const { field: own, orderName } of collection.joins) {
      for (const slug of own.join?.collection ?? []) {
        const target = collections.get(slug);
        const back = target?.fields.find((each) => each.path === own.join?.on);
        if (target && orderName) {
          target.fields = union(target.fields, [field({ path: orderName, type: 'text', index: true })]);
        }
        if (!back) {
          if (target && own.join?.on && !isOpen(reading)) {
            reading.warnings.push(
              `The join ${collection.slug}.${own.path} reads ${slug}.${own.join.on}, which was not found.`,
            );
          }
          continue;
        }
        if (!back.unique) back.index = true;
        if (own.join?.collection.length === 1) {
          own.hasMany = back.hasMany;
          own.localized = back.localized;
        }
      }
    }
  }
}
