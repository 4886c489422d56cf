import { multiTenantPlugin } from '@payloadcms/plugin-multi-tenant';
import { buildConfig } from 'payload';

export default buildConfig({
  secret: 'secret',
  admin: { user: 'users' },
  collections: [
    { slug: 'pages', fields: [{ name: 'slug', type: 'text', index: true }] },
    { slug: 'navigation', fields: [{ name: 'title', type: 'text' }] },
    { slug: 'shared', fields: [{ name: 'title', type: 'text' }] },
    { slug: 'organisations', fields: [{ name: 'name', type: 'text' }] },
    { slug: 'users', auth: true, fields: [{ name: 'username', type: 'text' }] },
  ],
  plugins: [
    multiTenantPlugin({
      tenantsSlug: 'organisations',
      collections: { pages: {}, navigation: { isGlobal: true } },
      tenantField: { access: { read: () => true } },
      tenantsArrayField: {
        includeDefaultField: true,
        rowFields: [{ name: 'roles', type: 'select', hasMany: true, options: ['admin', 'viewer'] }],
      },
      userHasAccessToAllTenants: () => true,
    }),
  ],
});
