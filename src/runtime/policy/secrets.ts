import type { SanitizedCollectionConfig } from 'payload';
import { type Field, nestedFields, type SiteSchema } from '../query/site-schema.js';

/** What entries of an auth collection are kept without. */
export interface Secrets {
  /** Hidden fields, which Payload takes out of what it answers, unless it is asked with `showHiddenFields`. */
  hidden: ReadonlySet<string>;
  /** Lists that it leaves in what it answers to some. */
  lists: ReadonlySet<string>;
}

/** Hidden fields that Payload gives an auth collection. */
const OF_PAYLOAD = new Set([
  'salt',
  'hash',
  'resetPasswordToken',
  'resetPasswordExpiration',
  'resetPasswordRequestedAt',
  'loginAttempts',
  'lockUntil',
  '_verificationToken',
]);
const SESSIONS = 'sessions';

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
  const nested = fields.find((field) => holdsHidden(field, blocksOf, new Set()));
  if (nested) return `its field "${nested.name}" holds a hidden field`;
  // An id is never taken out.
  const hidden = fields.filter((field) => isHidden(field) && field.name !== 'id').map(({ name }) => name);
  const own = hidden.find((name) => !OF_PAYLOAD.has(name));
  const reader = own && fields.find((field) => mayRead(field, blocksOf, new Set()));
  if (reader) return `its field "${reader.name}" may read the hidden field "${own}"`;
  return { hidden: new Set([...OF_PAYLOAD, ...hidden]), lists: new Set([SESSIONS]) };
}

const isHidden = (field: Field): boolean => (field as { hidden?: unknown }).hidden === true;

function holdsHidden(field: Field, blocksOf: SiteSchema['blocksOf'], seen: Set<unknown>): boolean {
  return nestedFields(field, blocksOf).some((list) => {
    if (seen.has(list)) return false;
    seen.add(list);
    return list.some((each) => isHidden(each) || holdsHidden(each, blocksOf, seen));
  });
}

/** Whether a field of the site's own has a function that is given the document as the database has it. */
function mayRead(field: Field, blocksOf: SiteSchema['blocksOf'], seen: Set<unknown>): boolean {
  const { access, hooks } = field as {
    access?: { read?: unknown };
    hooks?: { afterRead?: unknown[] };
  };
  const isOfPayload = OF_PAYLOAD.has(field.name) || field.name === SESSIONS || field.name === '_verified';
  if (!isOfPayload && (access?.read || (hooks?.afterRead?.length ?? 0) > 0)) return true;
  return nestedFields(field, blocksOf).some((list) => {
    if (seen.has(list)) return false;
    seen.add(list);
    return list.some((each) => mayRead(each, blocksOf, seen));
  });
}
