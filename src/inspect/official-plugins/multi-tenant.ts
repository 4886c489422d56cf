/** What `@payloadcms/plugin-multi-tenant` does to a schema. It is evaluated, never run. */

const tenantFieldOf = (options: any, slug: string): any => {
  const { hasMany, ...overrides } =
    options.collections[slug]?.tenantFieldOverrides ?? options.tenantField ?? {};
  return {
    ...overrides,
    name: options.tenantField?.name || 'tenant',
    type: 'relationship',
    index: true,
    unique: Boolean(options.collections[slug]?.isGlobal),
    hasMany: Boolean(hasMany),
    relationTo: options.tenantsSlug || 'tenants',
  };
};

const tenantsArrayOf = (options: any): any => ({
  name: options.tenantsArrayField?.arrayFieldName || 'tenants',
  type: 'array',
  fields: [
    {
      name: options.tenantsArrayField?.arrayTenantFieldName || 'tenant',
      type: 'relationship',
      index: true,
      relationTo: options.tenantsSlug || 'tenants',
    },
    ...(options.tenantsArrayField?.rowFields ?? []),
  ],
});

/** Adds a tenant to the collections that it is told, and the list of tenants to the users of the admin panel. */
export const multiTenantPlugin =
  (options: any) =>
  (config: any): any => {
    const users = (config.collections ?? []).find((each: any) =>
      config.admin?.user ? each.slug === config.admin.user : Boolean(each.auth),
    );
    const isUsers = ({ slug }: any) => slug === users?.slug;
    const hasArray = options.tenantsArrayField?.includeDefaultField !== false;
    const hasTenant = ({ slug }: any) =>
      slug !== (options.tenantsSlug || 'tenants') &&
      options.collections?.[slug] &&
      options.collections[slug].customTenantField !== true;
    return options.enabled === false
      ? config
      : {
          ...config,
          collections: (config.collections ?? []).map((each: any) =>
            isUsers(each) || hasTenant(each)
              ? {
                  ...each,
                  fields: [
                    ...(hasTenant(each) ? [tenantFieldOf(options, each.slug)] : []),
                    ...(each.fields ?? []),
                    ...(hasArray && isUsers(each) ? [tenantsArrayOf(options)] : []),
                  ],
                }
              : each,
          ),
        };
  };
