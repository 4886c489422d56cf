/** What Payload's storage adapters do to a schema, whatever they store files in. It is evaluated, never run. */

/** Adds the prefix of a file to the collections that have one. */
export const storage =
  (options: any) =>
  (config: any): any => ({
    ...config,
    collections: (config.collections ?? []).map((each: any) =>
      options?.collections?.[each.slug]?.prefix !== undefined ||
      (options?.alwaysInsertFields && options.collections?.[each.slug])
        ? { ...each, fields: [...(each.fields ?? []), { name: 'prefix', type: 'text' }] }
        : each,
    ),
  });
