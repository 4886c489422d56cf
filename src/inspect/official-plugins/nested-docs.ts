/** What `@payloadcms/plugin-nested-docs` does to a schema. It is evaluated, never run. */

/** The field `parent`, which a collection may list itself. */
export const createParentField = (relationTo: any, overrides?: any): any => ({
  name: 'parent',
  type: 'relationship',
  relationTo,
  ...overrides,
});

/** The field `breadcrumbs`, which a collection may list itself. */
export const createBreadcrumbsField = (relationTo: any, overrides?: any): any => ({
  name: 'breadcrumbs',
  type: 'array',
  localized: true,
  ...overrides,
  fields: [
    { name: 'doc', type: 'relationship', relationTo },
    { name: 'url', type: 'text' },
    { name: 'label', type: 'text' },
    ...(overrides?.fields ?? []),
  ],
});

/** Adds both fields to the collections that it is told, where they are not there and go by no other name. */
export const nestedDocsPlugin =
  (options: any) =>
  (config: any): any => ({
    ...config,
    collections: (config.collections ?? []).map((each: any) =>
      options?.collections?.includes(each.slug)
        ? {
            ...each,
            fields: [
              ...(each.fields ?? []),
              ...(options.parentFieldSlug || each.fields?.some((field: any) => field.name === 'parent')
                ? []
                : [createParentField(each.slug)]),
              ...(options.breadcrumbsFieldSlug ||
              each.fields?.some((field: any) => field.name === 'breadcrumbs')
                ? []
                : [createBreadcrumbsField(each.slug)]),
            ],
          }
        : each,
    ),
  });
