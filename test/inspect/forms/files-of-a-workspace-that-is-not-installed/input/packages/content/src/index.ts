import type { CollectionConfig } from 'payload'
import { seo } from './fields'

export const Posts: CollectionConfig = { slug: 'posts', fields: [{ name: 'title', type: 'text' }, ...seo] }
