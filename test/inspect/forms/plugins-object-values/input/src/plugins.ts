import { seoPlugin } from '@payloadcms/plugin-seo'
import type { Plugin } from 'payload'

export const seo: Plugin = seoPlugin({ collections: ['posts'] })
export const audit: Plugin = (config) => config
