/** What `@payloadcms/plugin-search` does to a schema. It is evaluated, never run. */

/** Adds the collection `search`. */
export const searchPlugin =
  (options: any) =>
  (config: any): any => {
    const overrides = options?.searchOverrides;
    const defaultFields = [
      { name: 'title', type: 'text', localized: options?.localize ?? Boolean(config.localization) },
      { name: 'priority', type: 'number' },
      { name: 'doc', type: 'relationship', index: true, relationTo: options?.collections ?? [] },
    ];
    const search = {
      ...overrides,
      slug: overrides?.slug || 'search',
      access: { create: () => false, read: () => true, ...overrides?.access },
      fields: overrides?.fields?.({ defaultFields }) ?? defaultFields,
    };
    return { ...config, collections: [...(config.collections ?? []), search] };
  };
