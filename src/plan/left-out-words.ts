/** The words by which left-out.ts judges names of collections and fields. Long as languages are: it holds nothing else. */

/** Words that a name has one after another, in the singular; several words are separated by spaces. */
export type Words = readonly string[];

/** In the name of a field that holds text, wherever it stands: what opens a door, or an account with money in it. */
export const SECRETS: Words = [
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
export const SECRET_ENDS: Words = ['token', 'bearer', 'pass', 'pin', 'cookie'];
/** Said of a key, these make it none that is kept secret. */
export const NO_SECRET: Words = ['public', 'publishable', 'design token', 'color token', 'colour token'];
/** At the end, these are said about a secret, such as where to get one. */
export const ABOUT_A_SECRET: Words = ['hint', 'label', 'placeholder', 'url', 'link', 'text', 'title'];
/** What such a text keeps none the less: an address with a password in it, say. */
export const SECRET_ALL_THE_SAME: Words = [
  ...['private', 'webhook', 'database', 'db', 'redis', 'mongo', 'mongodb', 'secret url', 'secret link'],
];
/** In the name of a field that holds text: what is only known of somebody who was there. */
export const TRACES: Words = [
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
export const MAYBE_STALE = 'only payload-types.ts tells of it, which may be old';
const OF_CUSTOMERS = 'it belongs to single customers';

/** What collections are called, by the noun at the end of their name, and what that says of them. */
export const NOUNS: readonly [reason: string, nouns: Words][] = [
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
export const OF_ANOTHER: ReadonlySet<string> = new Set(
  'item line entry record history detail data datum event row attempt'.split(' '),
);

/** What content is called, by the noun at the end: cached without `access.read` too, as sites read it by themselves. */
export const CONTENT: ReadonlySet<string> = new Set(
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
export const OF_PERSONS: Words = ['member', 'client', 'quote'];
/** Before a noun of content, these make it that of single persons, or of what the site works with. */
export const PRIVATE: ReadonlySet<string> = new Set(
  (
    'private internal confidential secret personal identity kyc medical health legal user customer client patient ' +
    'employee staff tenant account admin magic smtp mail email system server auth login security billing tax payroll'
  ).split(' '),
);

/** Types of fields of users that hold what anything may be: of these only what is known to be shown is proposed. */
export const OF_USERS: ReadonlySet<string> = new Set([
  ...['code', 'date', 'email', 'json', 'number', 'point', 'richText', 'text', 'textarea'],
]);

/** Names of such fields, as authors and members of a team are shown with. */
export const SHOWN_OF_USERS: Words = [
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
