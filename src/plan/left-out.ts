/**
 * What speaks against caching a collection or global that nobody named: what it is called, what its fields are called,
 * who may read it and who writes it. A judgement by looks: who names it caches it all the same.
 */
import { AUTH_FIELDS } from '../inspect/implicit-fields.js';
import type { CollectionSchema, FieldSchema, GlobalSchema } from '../inspect/schema.js';

/** What a collection or global is judged by. */
export type Judged = Pick<CollectionSchema | GlobalSchema, 'slug' | 'fields' | 'access' | 'unsure'> &
  Partial<Pick<CollectionSchema, 'drafts'>>;

/** Words that a name has one after another, in the singular; several words are separated by spaces. */
type Words = readonly string[];

/** In the name of a field that holds text, wherever it stands: what opens a door, or an account with money in it. */
const SECRETS: Words = [
  ...['password', 'passwd', 'passphrase', 'passcode', 'secret', 'credential', 'totp', 'otp', 'ssh', 'pem'],
  ...['iban', 'ssn', 'cvv', 'cvc', 'mnemonic', 'kubeconfig', 'dsn'],
  ...[
    'pwd',
    'jwt',
    'authorization',
    'cred',
    'htpasswd',
    'privatekey',
    'ssh key',
    'sshkey',
    'private token',
    'webhook',
    'credit card',
  ],
  ...['national id', 'tax id', 'passport no', 'bank account', 'access token', 'auth token', 'token value'],
  ...['stripe key', 'openai key', 'licence key', 'pin code', 'mongo uri', 'mongodb uri', 'database uri'],
  ...['database url', 'db url', 'redis url', 'passwort', 'contraseña', 'mot de passe', 'senha', 'пароль'],
  ...['api key', 'apikey', 'private key', 'access key', 'signing key', 'encryption key', 'license key'],
  ...['auth key', 'service account', 'connection string', 'seed phrase', 'recovery code', 'backup code'],
  ...['card number', 'account number', 'routing number', 'passport number', 'social security'],
];
/** At the end of a field's name: `tokenCount` and `tokenColour` are none. */
const SECRET_ENDS: Words = ['token', 'bearer', 'pass', 'pin', 'cookie'];
/** Said of a key, these make it none that is kept secret. */
const NO_SECRET: Words = ['public', 'publishable', 'design token', 'color token', 'colour token'];
/** At the end, these are said about a secret, such as where to get one. */
const ABOUT_A_SECRET: Words = ['hint', 'label', 'placeholder', 'url', 'link', 'text', 'title'];
/** What such a text keeps none the less: an address with a password in it, say. */
const SECRET_ALL_THE_SAME: Words = [
  ...['private', 'webhook', 'database', 'db', 'redis', 'mongo', 'mongodb', 'secret url', 'secret link'],
];
/** In the name of a field that holds text: what is only known of somebody who was there. */
const TRACES: Words = [
  'ip',
  'client ip',
  'ip address',
  'user agent',
  'session id',
  'visitor id',
  'fingerprint',
];

const KEEPS_SECRETS = 'it keeps credentials';
const BY_VISITORS = 'visitors write it';
const BY_PROGRAMS = 'programs write it';
const MAYBE_STALE = 'only payload-types.ts tells of it, which may be old';
const OF_CUSTOMERS = 'it belongs to single customers';

/** What collections are called, by the noun at the end of their name, and what that says of them. */
const NOUNS: readonly [reason: string, nouns: Words][] = [
  [
    KEEPS_SECRETS,
    [
      ...[
        'secret',
        'credential',
        'token',
        'password',
        'api key',
        'apikey',
        'ssh key',
        'access key',
        'passkey',
      ],
      ...[
        'private key',
        'signing key',
        'license key',
        'cloud account',
        'provider account',
        'service account',
      ],
      ...['bank account', 'oauth client', 'oauth app', 'oauth account', 'webhook', 'env var'],
    ],
  ],
  [
    BY_VISITORS,
    [
      ...[
        'submission',
        'subscriber',
        'subscription',
        'signup',
        'sign up',
        'waitlist',
        'waiting list',
        'lead',
      ],
      ...['message', 'inquiry', 'enquiry', 'response', 'applicant', 'job application', 'application form'],
      ...[
        'rsvp',
        'registration',
        'booking',
        'reservation',
        'appointment',
        'attendee',
        'vote',
        'like',
        'comment',
      ],
      ...[
        'feedback',
        'contact request',
        'support ticket',
        'ticket reply',
        'chat',
        'conversation',
        'survey answer',
      ],
      ...[
        'follower',
        'favorite',
        'favourite',
        'bookmark',
        'unsubscribe',
        'donation',
        'pledge',
        'newsletter email',
      ],
    ],
  ],
  [
    OF_CUSTOMERS,
    [
      ...['order', 'cart', 'basket', 'payment', 'transaction', 'invoice', 'refund', 'checkout', 'wishlist'],
      ...[
        'address',
        'customer',
        'shipment',
        'payout',
        'gift card',
        'account',
        'profile',
        'patient',
        'employee',
      ],
      ...['payment method', 'ledger', 'purchase', 'enrollment', 'enrolment', 'device'],
    ],
  ],
  [
    BY_PROGRAMS,
    [
      ...[
        'log',
        'audit',
        'audit trail',
        'session',
        'notification',
        'login attempt',
        'queue',
        'backup',
        'metric',
      ],
      ...[
        'analytics',
        'statistic',
        'page view',
        'pageview',
        'view',
        'click',
        'impression',
        'import',
        'export',
      ],
      ...[
        'webhook event',
        'webhook delivery',
        'delivery',
        'rate limit',
        'lock',
        'cron',
        'cron run',
        'job run',
      ],
      ...[
        'task run',
        'run',
        'sync state',
        'email',
        'mail',
        'sent mail',
        'outbox',
        'inbox',
        'trace',
        'heartbeat',
      ],
    ],
  ],
];
/** Nouns that say nothing by themselves: `order-items` are orders, `audit-entries` audits. */
const OF_ANOTHER: ReadonlySet<string> = new Set(
  'item line entry record history detail data datum event row attempt'.split(' '),
);

/** What content is called, by the noun at the end: cached without `access.read` too, as sites read it by themselves. */
const CONTENT: ReadonlySet<string> = new Set(
  (
    'page post article blog news story media image photo picture video file asset document gallery category tag topic ' +
    'author product variant option brand setting config header footer nav navigation menu event faq question ' +
    'testimonial service project portfolio study work team member person people location place store gallery banner ' +
    'slide slider hero recipe course lesson module quiz job vacancy position career book chapter doc guide tutorial ' +
    'feature partner client logo section block template redirect form search glossary term country city region ' +
    'language translation locale restaurant dish hotel room property listing episode podcast track album artist venue ' +
    'speaker talk sponsor quote snippet release changelog theme font icon link site website home homepage landing ' +
    'series season game movie film show collection type kind status label plan price pricing offer promotion discount ' +
    'coupon department office industry sector skill technology tool resource download brochure newsletter ' +
    'announcement alert popup note exhibit exhibition class program programme publication research paper press award'
  ).split(' '),
);

/** Content with a word before it, such as `team-members`, and persons or their affairs without. */
const OF_PERSONS: Words = ['member', 'client', 'quote'];
/** Before a noun of content, these make it that of single persons, or of what the site works with. */
const PRIVATE: ReadonlySet<string> = new Set(
  (
    'private internal confidential secret personal identity kyc medical health legal user customer client patient ' +
    'employee staff tenant account admin magic smtp mail email system server auth login security billing tax payroll'
  ).split(' '),
);

/** Types of fields of users that hold what anything may be: of these only what is known to be shown is proposed. */
const OF_USERS: ReadonlySet<string> = new Set([
  ...['code', 'date', 'email', 'json', 'number', 'point', 'richText', 'text', 'textarea'],
]);

/** Names of such fields, as authors and members of a team are shown with. */
const SHOWN_OF_USERS: Words = [
  ...[
    'first name',
    'last name',
    'full name',
    'display name',
    'middle name',
    'nick name',
    'job title',
    'user name',
  ],
  ...[
    'name',
    'firstname',
    'id',
    'lastname',
    'fullname',
    'surname',
    'username',
    'nickname',
    'displayname',
    'initial',
  ],
  ...['email', 'public email', 'title', 'job', 'position', 'role', 'bio', 'biography', 'about', 'about me'],
  ...[
    'tagline',
    'headline',
    'description',
    'summary',
    'slug',
    'avatar',
    'photo',
    'image',
    'picture',
    'avatar url',
  ],
  ...[
    'image url',
    'photo url',
    'picture url',
    'website',
    'website url',
    'homepage',
    'twitter',
    'github',
    'linkedin',
  ],
  ...[
    'instagram',
    'facebook',
    'mastodon',
    'bluesky',
    'youtube',
    'locale',
    'language',
    'timezone',
    'time zone',
    'theme',
  ],
  ...['color', 'colour', 'order', 'created at', 'updated at', 'deleted at'],
];

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
