import type { CollectionConfig } from 'payload';

export const Articles: CollectionConfig = {
  slug: 'articles',
  fields: [{ name: 'editor', type: 'relationship', relationTo: 'editors' }],
};
