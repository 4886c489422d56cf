/** What `@payloadcms/plugin-redirects` does to a schema. It is evaluated, never run. */

/** Adds the collection `redirects`. */
export const redirectsPlugin =
  (options: any) =>
  (config: any): any => {
    const overrides = options?.overrides;
    const defaultFields = [
      { name: 'from', type: 'text', index: true, unique: true },
      {
        name: 'to',
        type: 'group',
        fields: [
          { name: 'type', type: 'radio' },
          { name: 'reference', type: 'relationship', relationTo: options?.collections ?? [] },
          { name: 'url', type: 'text' },
        ],
      },
      ...(options?.redirectTypes
        ? [{ name: 'type', type: 'select', ...options.redirectTypeFieldOverride }]
        : []),
    ];
    const redirects = {
      ...overrides,
      slug: overrides?.slug || 'redirects',
      access: { read: () => true, ...overrides?.access },
      fields: overrides?.fields?.({ defaultFields }) ?? defaultFields,
    };
    return { ...config, collections: [...(config.collections ?? []), redirects] };
  };
