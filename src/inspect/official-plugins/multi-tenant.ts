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
    const isUsers = (each: any) =>
      config.admin?.user ? each.slug === config.admin.user : Boolean(each.auth);
    const hasArray = options.tenantsArrayField?.includeDefaultField !== false;
    return options.enabled === false
      ? config
      : {
          ...config,
          collections: (config.collections ?? []).map((each: any) =>
            isUsers(each)
              ? { ...each, fields: [...(each.fields ?? []), ...(hasArray ? [tenantsArrayOf(options)] : [])] }
              : options.collections?.[each.slug] && options.collections[each.slug].customTenantField !== true
                ? { ...each, fields: [tenantFieldOf(options, each.slug), ...(each.fields ?? [])] }
                : each,
          ),
        };
  };
