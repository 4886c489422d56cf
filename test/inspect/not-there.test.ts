import { expect, test } from 'vitest';
import { errorOf, inspected, inspectedBody } from './written.js';

const USERS = "collections: [{ slug: 'users', auth: { useAPIKey: true }, fields: [] }],";
const LATER = ['hasAPIKey', 'resetPasswordRequestedAt', 'sessions'];

function laterFields(files: Record<string, string>) {
  const [users] = inspectedBody(USERS, '', files).schema.collections;
  return LATER.filter((name) => users!.fields.some(({ path }) => path === name));
}

const pinned = (range: string) => ({ 'package.json': `{ "dependencies": { "payload": "${range}" } }` });
const installed = (version: string, files: Record<string, string> = {}) => ({
  'node_modules/payload/package.json': `{ "name": "payload", "version": "${version}" }`,
  ...Object.fromEntries(
    Object.entries(files).map(([name, text]) => [`node_modules/payload/dist/auth/baseFields/${name}`, text]),
  ),
});

test.each([
  ['3.43.0', []],
  ['3.44.0', ['sessions']],
  ['3.89.0', ['sessions']],
  ['3.90.0', LATER],
  ['^3.40.0', LATER],
])('with Payload %s auth has of the later fields %j', (range, fields) => {
  expect(laterFields(pinned(range))).toEqual(fields);
  if (!range.startsWith('^')) expect(laterFields(installed(range))).toEqual(fields);
});

test('what the installed Payload has is asked of the package itself', () => {
  const auth = { 'auth.js': "name: 'resetPasswordRequestedAt'", 'apiKey.js': "name: 'apiKey'" };
  expect(laterFields(installed('3.70.0', auth))).toEqual(['resetPasswordRequestedAt']);
});

test('a config of a package that is not installed is refused with what would help', () => {
  const error = errorOf(() =>
    inspected({ 'payload.config.ts': "import { config } from '@acme/cms';\nexport default config;\n" }),
  );
  expect(error.code).toBe('CONFIG_UNREADABLE');
  expect(error.nextStep).toContain('@acme/cms is not installed: install the dependencies');
});

test('an adapter that throws for want of a variable is the adapter that it is otherwise', () => {
  const { database } = inspectedBody(
    'db: database(),\n  collections: [{ slug: "posts", fields: [] }],',
    `import { sqliteAdapter } from '@payloadcms/db-sqlite';
function database() {
  if (!process.env.DATABASE_URI) throw new Error('DATABASE_URI is missing');
  return sqliteAdapter({ client: { url: process.env.DATABASE_URI } });
}`,
  );
  expect(database).toMatchObject({ kind: 'sqlite', packageName: '@payloadcms/db-sqlite' });
  expect(database.expression).not.toContain('throw');
});

test('an adapter that is only ever thrown over is not recognised', () => {
  const { database } = inspectedBody(
    'db: database(),\n  collections: [{ slug: "posts", fields: [] }],',
    "import { pick } from 'elsewhere';\nfunction database() { if (process.env.A) throw new Error('no'); throw new Error('never'); }",
  );
  expect(database).toEqual({ kind: 'unknown' });
});
