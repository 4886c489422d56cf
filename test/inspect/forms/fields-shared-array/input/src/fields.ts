import type { Field } from 'payload'

export const titleField: Field = { name: 'title', type: 'text', required: true }

export const seoFields: Field[] = [
  {
    name: 'seo',
    type: 'group',
    fields: [
      { name: 'description', type: 'textarea' },
      { name: 'image', type: 'upload', relationTo: 'media' },
    ],
  },
]
