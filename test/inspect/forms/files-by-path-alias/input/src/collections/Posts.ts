import type { CollectionConfig } from 'payload'
import { title } from '~fields'

export const Posts: CollectionConfig = { slug: 'posts', fields: [title] }
