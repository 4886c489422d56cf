import type { SanitizedCollectionConfig } from 'payload';
import { type Field, fieldsWithin, type SiteSchema } from '../query/site-schema.js';
import { isForItsUserAlone, maySeeDocument } from './document-readers.js';

/** What entries of an auth collection are kept without. */
export interface Secrets {
  /** Hidden fields, which Payload takes out of what it answers, unless it is asked with `showHiddenFields`. */
  hidden: ReadonlySet<string>;
  /** Lists that it leaves in what it answers to some. */
  lists: ReadonlySet<string>;
}

/** Hidden fields that Payload gives an auth collection. */
export const OF_PAYLOAD: ReadonlySet<string> = new Set([
  'salt',
  'hash',
  'resetPasswordToken',
  'resetPasswordExpiration',
  'resetPasswordRequestedAt',
  'loginAttempts',
  'lockUntil',
  '_verificationToken',
]);
/** The list of those who are signed in. */
export const SESSIONS = 'sessions';

/**
 * What must be kept out of the entries of an auth collection, so that Payload's read operations answer as they do
 * without a cache.
 *
 * @returns why it cannot be kept out, where that is so: the end of a sentence
 */
export function secretsOf(
  collection: SanitizedCollectionConfig,
  blocksOf: SiteSchema['blocksOf'],
): Secrets | string {
  if (collection.auth.useAPIKey) return 'it has API keys, of which each answer tells whether there is one';
  if (collection.hooks.beforeRead.length > 0)
    return 'it has a beforeRead hook, which is given documents with their secrets';
  const fields = collection.flattenedFields;
  /** A field and all below it. */
  const partsOf = (field: Field): Field[] => [...fieldsWithin([field], blocksOf)];
  const nested = fields.find((field) => partsOf(field).slice(1).some(isHidden));
  if (nested) return `its field "${nested.name}" holds a hidden field`;
  const shown = fields.find((field) => OF_PAYLOAD.has(field.name) && !isHidden(field));
  if (shown) return `its field "${shown.name}" is not hidden`;
  const sessions = fields.find(({ name }) => name === SESSIONS);
  if (sessions && !isHidden(sessions) && !isForItsUserAlone(functionsOf(sessions).read))
    return `its field "${SESSIONS}" is not for its user alone`;
  // An id is never taken out.
  const hidden = fields.filter((field) => isHidden(field) && field.name !== 'id').map(({ name }) => name);
  const secret = hidden.find((name) => !OF_PAYLOAD.has(name)) ?? hidden[0] ?? sessions?.name;
  // Payload's fields come last: those of the site are read before anything is taken out.
  const secrets = new Set([...hidden, SESSIONS]);
  const reader = secret && fields.find((field) => partsOf(field).some((part) => mayRead(part, secrets)));
  if (reader) return `its field "${reader.name}" may read the hidden field "${secret}"`;
  return { hidden: new Set([...OF_PAYLOAD, ...hidden]), lists: new Set([SESSIONS]) };
}

/** Whether a path leads to what entries of an auth collection are kept without. */
export function isSecret({ flattenedFields }: SanitizedCollectionConfig, path: string): boolean {
  const [name = ''] = path.split('.', 1);
  if (OF_PAYLOAD.has(name) || name === SESSIONS) return true;
  return flattenedFields.some((field) => field.name === name && isHidden(field));
}

const isHidden = (field: Field): boolean => (field as { hidden?: unknown }).hidden === true;

/** What a field has of functions that are called when its document is read. */
function functionsOf(field: Field): { read: unknown; afterRead: readonly unknown[] } {
  const { access, hooks } = field as { access?: { read?: unknown }; hooks?: { afterRead?: unknown[] } };
  return { read: access?.read, afterRead: hooks?.afterRead ?? [] };
}

/** Whether a field may show, or decide by, what the database has in others. */
function mayRead(field: Field, secrets: ReadonlySet<string>): boolean {
  const { read, afterRead } = functionsOf(field);
  const isOfUser = field.name === SESSIONS && isForItsUserAlone(read);
  if (read && !isOfUser && maySeeDocument(read)) return true;
  if (afterRead.some(maySeeDocument)) return true;
  const { virtual } = field as { virtual?: unknown };
  return typeof virtual === 'string' && secrets.has(virtual.split('.', 1)[0] as string);
}
