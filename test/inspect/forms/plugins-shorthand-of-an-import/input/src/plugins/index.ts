import { seoPlugin } from '@payloadcms/plugin-seo'
import type { Plugin } from 'payload'

export const plugins: Plugin[] = [
  seoPlugin({ collections: ['posts'] }),
]
