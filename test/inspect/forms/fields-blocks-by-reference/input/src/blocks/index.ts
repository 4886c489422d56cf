import type { Block } from 'payload'

export const Gallery: Block = {
  slug: 'gallery',
  fields: [{ name: 'images', type: 'upload', relationTo: 'media', hasMany: true }],
}
export const CallToAction: Block = {
  slug: 'cta',
  fields: [{ name: 'target', type: 'relationship', relationTo: 'pages' }],
}
