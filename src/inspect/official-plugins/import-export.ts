/** What `@payloadcms/plugin-import-export` does to a schema. It is evaluated, never run. */

/**
 * The collection as the project overrides it, and those of single collections, which start from the plugin's own: of the
 * same slug, one replaces what it has of the first.
 */
const overridden = (plain: any, override: any, ofCollections: any[]): any[] => {
  const first = override?.({ collection: plain }) ?? plain;
  const made = ofCollections.filter(Boolean).map((each: any) => each({ collection: plain }));
  const same = made.filter((each: any) => each.slug === first.slug);
  return [Object.assign({}, first, ...same), ...made.filter((each: any) => each.slug !== first.slug)];
};

/** Adds the collections `exports` and `imports`, and those of collections that have some of their own, unless there are such. */
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
    const told = options?.collections ?? [];
    const added = [
      ...overridden(
        exports,
        options?.overrideExportCollection,
        told.map((each: any) => each.export?.overrideCollection),
      ),
      ...overridden(
        imports,
        options?.overrideImportCollection,
        told.map((each: any) => each.import?.overrideCollection),
      ),
    ];
    const own = config.collections ?? [];
    return {
      ...config,
      collections: [
        ...own,
        ...added.filter((each: any) => !own.some((other: any) => other.slug === each.slug)),
      ],
    };
  };
