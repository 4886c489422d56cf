import type { CollectionConfig } from 'payload'

export const Media: CollectionConfig = {
  slug: 'media',
  upload: { imageSizes: [{ name: 'card', width: 640 }] },
  fields: [{ name: 'alt', type: 'text' }],
}
