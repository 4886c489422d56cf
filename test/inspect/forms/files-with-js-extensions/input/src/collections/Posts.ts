import type { CollectionConfig } from 'payload'
import { title } from '../fields/title.js'

export const Posts: CollectionConfig = { slug: 'posts', fields: [title] }
