import { sqliteAdapter } from '@payloadcms/db-sqlite';
import { buildConfig } from 'payload';

export default buildConfig({
  secret: 'x',
  db: sqliteAdapter({ client: { url: ':memory:' }, idType: 'uuid' }),
  collections: [
    { slug: 'admins', auth: { useAPIKey: true, verify: true, maxLoginAttempts: 0, useSessions: false }, fields: [] },
    { slug: 'members', auth: { loginWithUsername: { allowEmailLogin: false, requireEmail: false } }, fields: [{ name: 'roles', type: 'select', hasMany: true, options: ['a'] }] },
    { slug: 'robots', auth: { disableLocalStrategy: true, strategies: [{ name: 'x', authenticate: () => ({ user: null }) }] }, fields: [] },
    { slug: 'off', auth: false, fields: [{ name: 'id', type: 'text', required: true }] },
  ],
});
