/**
 * What speaks against caching a collection or global that nobody named: what it is called, what its fields are called,
 * who may read it and who writes it. A judgement by looks: who names it caches it all the same.
 */
import { AUTH_FIELDS } from '../inspect/implicit-fields.js';
import type { CollectionSchema, FieldSchema, GlobalSchema } from '../inspect/schema.js';
import {
  ABOUT_A_SECRET,
  CONTENT,
  MAYBE_STALE,
  NO_SECRET,
  NOUNS,
  OF_ANOTHER,
  OF_PERSONS,
  OF_USERS,
  PRIVATE,
  SECRET_ALL_THE_SAME,
  SECRET_ENDS,
  SECRETS,
  SHOWN_OF_USERS,
  TRACES,
  type Words,
} from './left-out-words.js';

/** What a collection or global is judged by. */
export type Judged = Pick<CollectionSchema | GlobalSchema, 'slug' | 'fields' | 'access' | 'unsure'> &
  Partial<Pick<CollectionSchema, 'drafts'>>;

/** Types of fields that hold text, or anything. */
const TEXTUAL: ReadonlySet<string> = new Set(['code', 'email', 'json', 'text', 'textarea']);
/** Types of fields that may be called after the secrets in them. */
const HOLDERS: ReadonlySet<string> = new Set(['array', 'blocks', 'group', 'tab']);
/** Types of fields beside those that hold text in which a secret may be kept: a key as a file, a code as a number. */
const OTHER_SECRETS: ReadonlySet<string> = new Set(['number', 'upload']);

/** Why a collection is not proposed, in a few words; `undefined` where nothing speaks against it. */
export function reasonAgainst(collection: Judged): string | undefined {
  return (
    reasonOfFields(collection) ??
    (isShown(collection) ? undefined : reasonOfName(collection.slug)) ??
    (collection.unsure ? MAYBE_STALE : undefined) ??
    reasonOfAccess(collection)
  );
}

/** Why a global is not proposed. It is one document, which is made to be shown, so that fewer things speak against it. */
export function reasonAgainstGlobal(global: Judged): string | undefined {
  if (global.unsure) return MAYBE_STALE;
  const restricted = global.access?.read === 'users';
  return reasonOfFields(global) ?? (restricted ? 'only users may read it (access.read)' : undefined);
}

/**
 * Why a collection with auth is not proposed, to be cached without its secrets; `undefined` where others that are
 * proposed show its documents, as posts show their authors, and nothing speaks against it.
 */
export function reasonAgainstUsers(
  users: Judged,
  proposed: readonly Pick<CollectionSchema, 'slug' | 'fields'>[],
): string | undefined {
  const isReferredTo = proposed.some(({ fields }) =>
    fields.some(({ relationTo }) => relationTo?.includes(users.slug)),
  );
  if (!isReferredTo) return 'has auth: its documents belong to users';
  if (users.fields.some(({ path }) => path === 'apiKey'))
    return 'has auth with API keys, which answers tell of';
  const fields = users.fields.filter(({ path }) => !AUTH_FIELDS.has(path.split('.', 1)[0]!));
  const reason =
    reasonOfFields({ ...users, fields }) ??
    reasonOfName(users.slug) ??
    reasonOfUsersFields(fields) ??
    (users.unsure ? MAYBE_STALE : undefined);
  return reason && `has auth, and ${reason}`;
}

/** Whether it is made to be shown, whatever it is called: everybody may read it, it has drafts, and each its address. */
function isShown({ access, drafts, fields }: Judged): boolean {
  return access?.read === 'everyone' && drafts === true && fields.some(isAddress);
}

function isAddress({ path, type }: FieldSchema): boolean {
  return path === 'slug' && type === 'text';
}

function reasonOfFields(judged: Judged): string | undefined {
  const { fields } = judged;
  const shown = isShown(judged);
  const secret = fields.find((field) => isSecret(field, shown));
  if (secret) return `it has a field \`${secret.path}\`, as credentials have`;
  if (shown) return undefined;
  const trace = fields.find((field) => isTextual(field) && has(ownWords(field), TRACES, 'whole'));
  return trace ? `it has a field \`${trace.path}\`, as what visitors leave behind has` : undefined;
}

/**
 * What users have beside what they are shown with may sign them in, or is their own: a code of a login, a birthday. Nobody
 * knows all that it is called, so that only what is known is proposed.
 */
function reasonOfUsersFields(fields: readonly FieldSchema[]): string | undefined {
  const own = fields.find(
    (field) =>
      field.virtual === false && OF_USERS.has(field.type) && !has(ownWords(field), SHOWN_OF_USERS, 'whole'),
  );
  return own && `its field \`${own.path}\` may be for its user alone`;
}

/** Of what is made to be shown only the end of a field's name counts: a `secretIngredient` is one to be read. */
function isSecret(field: FieldSchema, shown: boolean): boolean {
  const words = ownWords(field);
  if (field.virtual !== false || isAboutSecrets(words)) return false;
  if (HOLDERS.has(field.type)) return has(words, SECRETS, 'end') || has(words, ['token'], 'end');
  // A count of tokens is a number, and a password may be one.
  if (OTHER_SECRETS.has(field.type)) return has(words, SECRETS, field.type === 'number' ? 'end' : 'anywhere');
  return (
    isTextual(field) && (has(words, SECRETS, shown ? 'end' : 'anywhere') || has(words, SECRET_ENDS, 'end'))
  );
}

/** Whether it only tells of a secret, or of a key that everybody may know. */
function isAboutSecrets(words: readonly string[]): boolean {
  if (has(words, NO_SECRET, 'anywhere')) return !has(words, ['secret', 'password', 'credential'], 'anywhere');
  return has(words, ABOUT_A_SECRET, 'end') && !has(words, SECRET_ALL_THE_SAME, 'anywhere');
}

function isTextual({ type }: FieldSchema): boolean {
  return TEXTUAL.has(type);
}

function reasonOfName(slug: string): string | undefined {
  const words = wordsOf(slug);
  while (words.length > 1 && OF_ANOTHER.has(words.at(-1)!) && !isNamed(words)) words.pop();
  return NOUNS.find(([, nouns]) => has(words, nouns, 'end'))?.[0];
}

function isNamed(words: readonly string[]): boolean {
  return NOUNS.some(([, nouns]) => has(words, nouns, 'end'));
}

function reasonOfAccess(collection: Judged): string | undefined {
  const { access, slug, fields, drafts } = collection;
  const words = wordsOf(slug);
  const isContent = CONTENT.has(words.at(-1) ?? '');
  if (access?.create === 'everyone' && !isContent) return 'visitors may write it (access.create)';
  if (access?.read === 'users') return 'only users may read it (access.read)';
  const isPage = drafts === true || fields.some(isAddress);
  if (!access || access.read === 'everyone' || isPage || (isContent && !isPrivate(words))) return undefined;
  if (access.read === 'default') return 'only users may read it (no access.read)';
  return 'only some may read it, it seems (access.read)';
}

/** Whether it may be content of single persons, or of the site's own works, whatever its noun is. */
function isPrivate(words: readonly string[]): boolean {
  return words.length === 1
    ? has(words, OF_PERSONS, 'whole')
    : words.slice(0, -1).some((word) => PRIVATE.has(word));
}

// ---- words --------------------------------------------------------------------------------------------------------

/** The words of the last part of a field's path. */
function ownWords({ path }: FieldSchema): string[] {
  return wordsOf(path.slice(path.lastIndexOf('.') + 1));
}

/** `auditLogs`, `audit-logs`, `audit_logs`, `APIKeys`: the words, small and in the singular. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(/[^\p{L}\d]+/u)
    .filter((word) => word !== '')
    .map((word) => singular(word.toLowerCase().replace(/(?<=\p{L}{3})\d+$/u, '')));
}

function singular(word: string): string {
  if (/(?:ss|us|is|news|tics|series)$/.test(word) || word.length < 4) return word;
  if (/[^aeiou]ies$/.test(word)) return `${word.slice(0, -3)}y`;
  if (/(?:sses|xes|ches|shes)$/.test(word)) return word.slice(0, -2);
  return word.endsWith('s') ? word.slice(0, -1) : word;
}

function has(words: readonly string[], any: Words, where: 'anywhere' | 'end' | 'whole'): boolean {
  const text = ` ${words.join(' ')} `;
  return any.some((it) => {
    if (where === 'whole') return text === ` ${it} `;
    return where === 'end' ? text.endsWith(` ${it} `) : text.includes(` ${it} `);
  });
}
