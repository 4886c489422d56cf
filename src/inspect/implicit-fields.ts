/** The fields that Payload itself adds to collections and globals. */
import { nullish, plain, truthy, type Value } from './evaluate/value.js';
import type { FieldSchema } from './schema.js';

/** A field with every flag off that is not given. */
export function field(given: Partial<FieldSchema> & { path: string; type: string }): FieldSchema {
  return {
    localized: false,
    unique: false,
    index: false,
    hasMany: false,
    virtual: false,
    insideList: false,
    ...given,
  };
}

/** `createdAt` and `updatedAt`: indexed in collections, not in globals; with `trash` also `deletedAt`. */
export function timestampFields(indexed: boolean, trash: boolean): FieldSchema[] {
  const names = ['createdAt', 'updatedAt', ...(trash ? ['deletedAt'] : [])];
  return names.map((path) => field({ path, type: 'date', index: indexed }));
}

/** The fields of a collection with `upload`. */
export function uploadFields(options: {
  /** Names of the image sizes. */
  sizes: string[];
  focalPoint: boolean;
  filenameUnique: boolean;
}): FieldSchema[] {
  const fields = [
    field({ path: 'filename', type: 'text', index: true, unique: options.filenameUnique }),
    ...['url', 'thumbnailURL', 'mimeType'].map((path) => field({ path, type: 'text' })),
    ...['filesize', 'width', 'height'].map((path) => field({ path, type: 'number' })),
  ];
  if (options.focalPoint) fields.push(...['focalX', 'focalY'].map((path) => field({ path, type: 'number' })));
  if (options.sizes.length === 0) return fields;
  fields.push(field({ path: 'sizes', type: 'group' }));
  for (const size of options.sizes) {
    const path = `sizes.${size}`;
    fields.push(
      field({ path, type: 'group' }),
      field({ path: `${path}.filename`, type: 'text', index: true }),
      ...['url', 'mimeType'].map((name) => field({ path: `${path}.${name}`, type: 'text' })),
      ...['width', 'height', 'filesize'].map((name) => field({ path: `${path}.${name}`, type: 'number' })),
    );
  }
  return fields;
}

/** The names of all fields that `auth` may bring. */
export const AUTH_FIELDS: ReadonlySet<string> = new Set([
  ...['enableAPIKey', 'apiKey', 'apiKeyIndex', 'hasAPIKey', 'email', 'username'],
  ...['resetPasswordToken', 'salt', 'hash', 'resetPasswordExpiration', 'resetPasswordRequestedAt'],
  ...['_verified', '_verificationToken', 'loginAttempts', 'lockUntil', 'sessions'],
]);

/** The fields of a collection with `auth`, of which `option` reads a setting and `inner` a setting of a setting. */
export function authFields(
  option: (name: string) => Value | undefined,
  inner: (value: Value, name: string) => Value | undefined,
): FieldSchema[] {
  const fields: FieldSchema[] = [];
  function isOn(name: string): boolean {
    const value = option(name);
    return value !== undefined && truthy(value) !== false;
  }
  if (isOn('useAPIKey')) {
    fields.push(
      field({ path: 'enableAPIKey', type: 'checkbox' }),
      field({ path: 'apiKey', type: 'text' }),
      field({ path: 'apiKeyIndex', type: 'text' }),
      field({ path: 'hasAPIKey', type: 'checkbox', virtual: true }),
    );
  }
  const local = option('disableLocalStrategy');
  const localOff = local !== undefined && truthy(local) === true;
  if (
    localOff &&
    !(local && truthy(inner(local, 'enableFields') ?? local) === true && local.kind === 'object')
  ) {
    return fields;
  }
  const username = option('loginWithUsername');
  const withUsername = username !== undefined && truthy(username) !== false;
  const emailLogin = withUsername && username ? inner(username, 'allowEmailLogin') : undefined;
  fields.push(
    field({ path: 'email', type: 'email', unique: !(emailLogin && plain(emailLogin) === false) }),
    ...(withUsername ? [field({ path: 'username', type: 'text', unique: true })] : []),
    ...['resetPasswordToken', 'salt', 'hash'].map((path) => field({ path, type: 'text' })),
    field({ path: 'resetPasswordExpiration', type: 'date' }),
    field({ path: 'resetPasswordRequestedAt', type: 'date' }),
  );
  if (isOn('verify')) {
    fields.push(
      field({ path: '_verified', type: 'checkbox' }),
      field({ path: '_verificationToken', type: 'text' }),
    );
  }
  const attempts = option('maxLoginAttempts');
  if (!attempts || nullish(attempts) || plain(attempts) !== 0) {
    fields.push(field({ path: 'loginAttempts', type: 'number' }), field({ path: 'lockUntil', type: 'date' }));
  }
  const sessions = option('useSessions');
  if (!sessions || plain(sessions) !== false) {
    fields.push(
      field({ path: 'sessions', type: 'array' }),
      field({ path: 'sessions.id', type: 'text', insideList: true }),
      field({ path: 'sessions.createdAt', type: 'date', insideList: true }),
      field({ path: 'sessions.expiresAt', type: 'date', insideList: true }),
    );
  }
  return fields;
}
