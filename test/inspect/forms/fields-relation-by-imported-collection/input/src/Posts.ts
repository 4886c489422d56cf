import type { CollectionConfig, CollectionSlug } from 'payload'
import { Media, mediaSlug } from './Media'

const targets: CollectionSlug[] = ['posts', mediaSlug]

export const Posts: CollectionConfig = {
  slug: 'posts',
  fields: [
    { name: 'cover', type: 'upload', relationTo: Media.slug as CollectionSlug },
    { name: 'icon', type: 'upload', relationTo: mediaSlug },
    { name: 'related', type: 'relationship', relationTo: targets, hasMany: true },
  ],
}
