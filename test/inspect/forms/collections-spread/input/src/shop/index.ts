import type { CollectionConfig } from 'payload'

export const shopCollections: CollectionConfig[] = [
  { slug: 'orders', fields: [{ name: 'items', type: 'relationship', relationTo: 'products', hasMany: true }] },
  { slug: 'products', fields: [{ name: 'sku', type: 'text', unique: true }] },
]
