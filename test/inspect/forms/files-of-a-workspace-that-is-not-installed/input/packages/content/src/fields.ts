import type { Field } from 'payload'

export const seo: Field[] = [{ name: 'image', type: 'upload', relationTo: 'media' }]
