import type { Field, Plugin } from 'payload';

/** What of the plugin matters to a schema. */
const meta: Field = {
  name: 'meta',
  type: 'group',
  fields: [
    { name: 'title', type: 'text', localized: true },
    { name: 'description', type: 'textarea', localized: true },
  ],
};

/** Adds the fields that the plugin itself adds. */
export const seoPlugin =
  ({ collections }: { collections: string[] }): Plugin =>
  (config) => ({
    ...config,
    collections: (config.collections ?? []).map((each) =>
      collections.includes(each.slug) ? { ...each, fields: [...each.fields, meta] } : each,
    ),
  });
