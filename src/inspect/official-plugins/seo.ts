/** What `@payloadcms/plugin-seo` does to a schema. It is evaluated, never run. */

/** Adds the group `meta` to the collections and globals that it is told. */
export const seoPlugin =
  (options: any) =>
  (config: any): any => {
    const defaultFields = [
      { name: 'title', type: 'text', localized: true },
      { name: 'description', type: 'textarea', localized: true },
      ...(options?.uploadsCollection
        ? [{ name: 'image', type: 'upload', localized: true, relationTo: options.uploadsCollection }]
        : []),
    ];
    const meta = {
      name: 'meta',
      type: 'group',
      fields: options?.fields?.({ defaultFields }) ?? defaultFields,
    };
    const withMeta = (entity: any) => ({ ...entity, fields: [...(entity.fields ?? []), meta] });
    return {
      ...config,
      collections: (config.collections ?? []).map((each: any) =>
        options?.collections?.includes(each.slug) ? withMeta(each) : each,
      ),
      globals: (config.globals ?? []).map((each: any) =>
        options?.globals?.includes(each.slug) ? withMeta(each) : each,
      ),
    };
  };
