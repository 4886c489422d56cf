/** What `@payloadcms/plugin-import-export` does to a schema. It is evaluated, never run. */

/** Adds the collections `exports` and `imports`, and those of collections that have some of their own. */
export const importExportPlugin =
  (options: any) =>
  (config: any): any => {
    const exports = {
      slug: 'exports',
      upload: true,
      fields: [
        { name: 'name', type: 'text' },
        { name: 'format', type: 'select' },
        { name: 'limit', type: 'number' },
        { name: 'page', type: 'number' },
        { name: 'sort', type: 'text' },
        { name: 'sortOrder', type: 'select' },
        ...(config.localization ? [{ name: 'locale', type: 'select' }] : []),
        { name: 'drafts', type: 'select' },
        { name: 'selectionToUse', type: 'radio', virtual: true },
        { name: 'fields', type: 'text', hasMany: true },
        { name: 'collectionSlug', type: 'text' },
        { name: 'where', type: 'json' },
      ],
    };
    const imports = {
      slug: 'imports',
      upload: true,
      fields: [
        { name: 'collectionSlug', type: 'text' },
        { name: 'importMode', type: 'select' },
        { name: 'matchField', type: 'text' },
        { name: 'status', type: 'select' },
        {
          name: 'summary',
          type: 'group',
          fields: [
            { name: 'imported', type: 'number' },
            { name: 'updated', type: 'number' },
            { name: 'total', type: 'number' },
            { name: 'issues', type: 'number' },
            { name: 'issueDetails', type: 'json' },
          ],
        },
      ],
    };
    const [baseExports, baseImports] = [
      options?.overrideExportCollection?.({ collection: exports }) ?? exports,
      options?.overrideImportCollection?.({ collection: imports }) ?? imports,
    ];
    const own = (options?.collections ?? []).flatMap((each: any) => [
      each.export?.overrideCollection?.({ collection: baseExports }),
      each.import?.overrideCollection?.({ collection: baseImports }),
    ]);
    return {
      ...config,
      collections: [...(config.collections ?? []), baseExports, baseImports, ...own.filter(Boolean)],
    };
  };
