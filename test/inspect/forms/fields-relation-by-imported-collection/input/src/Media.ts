import type { CollectionConfig } from 'payload'

export const mediaSlug = 'media' as const
export const Media: CollectionConfig = { slug: mediaSlug, upload: true, fields: [] }
