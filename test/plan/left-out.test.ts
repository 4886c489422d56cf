import { describe, expect, test } from 'vitest';
import type { AccessSchema, FieldSchema } from '../../src/inspect/schema.js';
import { propose } from '../../src/plan/answers.js';
import { reasonAgainst, reasonAgainstGlobal, reasonAgainstUsers } from '../../src/plan/left-out.js';
import { collection, field, global, schema } from './schema-of.js';

const everyone: AccessSchema = { read: 'everyone', create: 'users' };
const byDefault: AccessSchema = { read: 'default', create: 'default' };

function against(slug: string, fields: FieldSchema[] = [], access: AccessSchema = everyone) {
  return reasonAgainst(collection(slug, fields, { access }));
}

/** Names of collections with content, as public projects have them. */
const CONTENT =
  'pages posts media categories products settings tags authors articles news blog-posts case-studies team-members ' +
  'testimonials faqs events services projects locations images videos documents galleries menus navigation redirects ' +
  'forms search tenants topics brands variants product-variants recipes courses lessons jobs careers partners clients ' +
  'logos banners reusable-blocks page-templates glossary countries languages episodes podcasts albums artists venues ' +
  'speakers talks sponsors changelogs catalogs dialogs static-pages legalPages mediaItems blog-categories press-releases ' +
  'features plans pricing-plans coupons statuses analyses series collections';

/** Names of collections that nobody wants in a shared store unasked. */
const NOT_CONTENT =
  'ssh-keys sshKeys api-keys APIKeys access_tokens secrets credentials cloud-accounts cloudProviderAccounts webhooks ' +
  'audit-logs auditLogs audit_log activity-logs logs sessions login-attempts form-submissions formSubmissions submissions ' +
  'subscribers newsletter-subscribers contact-submissions contact-messages messages leads inquiries orders order-items ' +
  'carts cart-sessions cart-items payments transactions invoices refunds customers addresses comments votes likes ' +
  'bookings reservations registrations event-registrations rsvps job-applications applicants notifications email-logs ' +
  'webhook-events page-views exports imports wishlists chats conversations waitlist feedback bank-accounts';

describe('a name', () => {
  test.each(CONTENT.split(' '))('%s is one of content', (slug) => {
    expect(against(slug)).toBeUndefined();
  });

  test.each(NOT_CONTENT.split(' '))('%s is left out, and one short line says why', (slug) => {
    const reason = against(slug);
    expect(reason).toMatch(/^(?:it|visitors|programs)\b/);
    expect(reason!.length).toBeLessThan(60);
  });
});

describe('a field', () => {
  test.each([
    ...[
      'password',
      'apiKey',
      'api_key',
      'stripeSecretKey',
      'privateKey',
      'ssh_private_key',
      'sshKey',
      'accessToken',
    ],
    ...[
      'token',
      'webhookSecret',
      'clientSecret',
      'iban',
      'IBAN',
      'totpSecret',
      'smtp.password',
      'servers.sshKey',
    ],
    ...['cardNumber', 'recoveryCodes', 'connectionString', 'githubTokens', 'ipAddress', 'userAgent', 'ip'],
    ...['password2', 'apiKey1', 'token1', 'databasePasswordUrl', 'privateTokenLink', 'publicApiSecret'],
    ...['privatekey', 'sshkey', 'pwd', 'dbPass', 'smtpPass', 'jwt', 'authorization', 'cookie', 'webhookUrl'],
    ...[
      'slackWebhook',
      'databaseUrl',
      'mongoUri',
      'stripeKey',
      'openaiKey',
      'tokenValue',
      'creds',
      'htpasswd',
    ],
    ...['accessTokenEncrypted', 'pin', 'licenceKey', 'nationalId', 'taxId', 'passportNo', 'bankAccount'],
    ...['creditCard', 'clientIp', 'passwort', 'contraseña', 'motDePasse', 'senha', 'пароль'],
  ])('called %s keeps its collection out', (path) => {
    expect(against('pages', [field(path, 'text')])).toContain(`\`${path}\``);
  });

  test.each([
    ['sshKey', 'group'],
    ['password', 'group'],
    ['passwords', 'array'],
    ['credentials', 'blocks'],
    ['privateKeyFile', 'upload'],
    ['pinCode', 'number'],
    ['secret', 'number'],
  ])('called %s keeps its collection out as type %s too', (path, type) => {
    expect(against('pages', [field(path, type)])).toContain(`\`${path}\``);
  });

  test.each([
    ['tokens', 'number'],
    ['webhookCount', 'number'],
    ['pinned', 'text'],
    ['cookieBanner', 'text'],
    ['passage', 'text'],
    ['keyTitle', 'text'],
    ['linkUrl', 'text'],
    ['passwordHint', 'text'],
    ['tokenCount', 'text'],
    ['colorToken', 'select'],
    ['passwordProtected', 'checkbox'],
    ['publicKey', 'text'],
    ['apiKeyUrl', 'text'],
    ['key', 'text'],
    ['keywords', 'text'],
    ['recipe', 'text'],
    ['shipping', 'text'],
    ['description', 'textarea'],
    ['resetPasswordText', 'text'],
    ['secretary', 'text'],
    ['monkey', 'text'],
  ])('called %s, of type %s, does not', (path, type) => {
    expect(against('pages', [field(path, type)])).toBeUndefined();
  });

  test('keeps a global out too', () => {
    expect(reasonAgainstGlobal(global('settings', [field('smtp.password', 'text')]))).toContain(
      '`smtp.password`',
    );
    expect(reasonAgainstGlobal(global('settings', [field('title', 'text')]))).toBeUndefined();
  });
});

describe('access', () => {
  test('for users only keeps out what content is called too', () => {
    expect(against('articles', [], { read: 'users' })).toBe('only users may read it (access.read)');
  });

  test('that nobody wrote down keeps out what does not look like content', () => {
    expect(against('servers', [], byDefault)).toBe('only users may read it (no access.read)');
    expect(against('pages', [], byDefault)).toBeUndefined();
    expect(against('exhibitors', [field('slug', 'text')], byDefault)).toBeUndefined();
    expect(reasonAgainst(collection('exhibitors', [], { access: byDefault, drafts: true }))).toBeUndefined();
  });

  test('by which visitors write keeps out, unless it is called as content is', () => {
    const open: AccessSchema = { read: 'everyone', create: 'everyone' };
    expect(against('guestbook', [], open)).toBe('visitors may write it (access.create)');
    expect(against('posts', [], open)).toBeUndefined();
  });

  test('that is written and not understood keeps out what the one that nobody wrote does', () => {
    const odd: AccessSchema = { create: 'users' };
    expect(against('vaults', [], odd)).toBe('only some may read it, it seems (access.read)');
    expect(against('servers', [], {})).toBe('only some may read it, it seems (access.read)');
    expect(against('pages', [], odd)).toBeUndefined();
    expect(against('exhibitors', [field('slug', 'text')], odd)).toBeUndefined();
  });

  test.each(
    (
      'identity-documents medical-records payslips candidates vaults licenses integrations tickets invitations ' +
      'kyc-documents members clients quotes magic-links smtp-settings private-files user-settings customer-documents'
    ).split(' '),
  )('keeps out %s where it is not for everyone', (slug) => {
    expect(against(slug, [], byDefault)).toBeDefined();
    expect(against(slug, [], {})).toBeDefined();
  });

  test.each([
    'documents',
    'team-members',
    'files',
    'settings',
    'links',
    'site-settings',
    'link-groups-pages',
  ])('that nobody wrote down lets %s through', (slug) => {
    expect(against(slug, [], byDefault)).toBeUndefined();
  });

  test('of which nothing is known says nothing', () => {
    expect(reasonAgainst(collection('servers'))).toBeUndefined();
  });
});

describe('what everybody may read, with drafts and a slug each,', () => {
  const shown = (slug: string, more: FieldSchema[] = [], access = everyone) =>
    reasonAgainst(collection(slug, [field('slug', 'text'), ...more], { access, drafts: true }));

  test.each(
    (
      'conference-sessions design-tokens speaker-profiles store-addresses devices ski-runs points-of-view travel-logs ' +
      'golf-carts messages'
    ).split(' '),
  )('is content though it is called %s', (slug) => {
    expect(shown(slug)).toBeUndefined();
    expect(against(slug)).toBeDefined();
    expect(shown(slug, [], { read: 'users' })).toBeDefined();
  });

  test.each(['secretIngredient', 'designToken', 'passwordResetMessage', 'sshCommand', 'userAgent'])(
    'may have a field %s',
    (path) => {
      expect(shown('pages', [field(path, 'text')])).toBeUndefined();
    },
  );

  test.each(['password', 'apiKey', 'accessToken'])('may have no field %s', (path) => {
    expect(shown('pages', [field(path, 'text')])).toContain(path);
  });
});

test('what only types tell of that may be old is left out', () => {
  expect(reasonAgainst(collection('events', [], { unsure: true, origin: 'types' }))).toContain('may be old');
});

test('the proposal offers what it leaves out, with the reason', () => {
  const all = schema(
    [collection('orders'), collection('posts', [field('slug', 'text')])],
    [global('mail', [field('password', 'text')])],
  );
  const { collections, globals, leftOut } = propose({ schema: all, configShape: {} as never });
  expect(collections).toEqual([{ slug: 'posts', slices: ['slug'] }]);
  expect(globals).toEqual([]);
  expect(leftOut).toEqual({
    collections: [{ answer: { slug: 'orders', slices: [] }, reason: expect.stringContaining('customers') }],
    globals: [{ answer: { slug: 'mail' }, reason: expect.stringContaining('`password`') }],
  });
});

describe('users', () => {
  const posts = collection('posts', [field('author', 'relationship', { relationTo: ['users'] })]);
  const users = (...fields: FieldSchema[]) =>
    reasonAgainstUsers(collection('users', [field('email', 'email'), ...fields], { auth: true }), [posts]);

  /** What opens an account, or is its user's own. */
  const OWN =
    'twoFactor twoFactorCode mfaCode loginCode magicCode magicLink verificationCode inviteCode recovery securityAnswer ' +
    'googleId stripeCustomerId oauthProvider sessionId pinHash webauthn hashedKey nonce challenge phone dateOfBirth ' +
    'address notes salary cardLast4 lastLoginIp deviceId sub recoveryEmail bankName.number secretName';
  test.each(OWN.split(' '))('with a field %s are not proposed', (name) => {
    for (const type of ['text', 'json', 'number'])
      expect(users(field(name, type))).toMatch(/^has auth, and (?:its|it has a) field/);
  });

  const SHOWN =
    'name firstName lastName displayName fullName jobTitle bio about website avatarUrl roles slug timezone';
  test.each(SHOWN.split(' '))('with a field %s are', (name) => {
    expect(users(field(name, 'text'))).toBeUndefined();
  });

  test('with what they choose, refer to and show are', () => {
    expect(
      users(
        // As payload-types.ts names it.
        field('id', 'number'),
        field('roles', 'select'),
        field('avatar', 'upload', { relationTo: ['media'] }),
        field('tenants', 'array'),
        field('tenants.tenant', 'relationship', { relationTo: ['tenants'] }),
        field('tenants.id', 'text'),
        field('isActive', 'checkbox'),
        field('bio', 'richText'),
        field('createdAt', 'date'),
        field('updatedAt', 'date'),
      ),
    ).toBeUndefined();
  });
});
