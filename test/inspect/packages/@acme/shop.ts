import type { CollectionConfig, Field, Plugin } from 'payload';

/** A collection of a package. */
export const Products: CollectionConfig = {
  slug: 'products',
  fields: [
    { name: 'sku', type: 'text', unique: true },
    { name: 'category', type: 'relationship', relationTo: 'posts' },
  ],
};

/** A field of a package. */
export const ratingField = (): Field => ({ name: 'rating', type: 'number' });

/** Plugins of a package. */
export const shopPlugins = (): Plugin[] => [];
