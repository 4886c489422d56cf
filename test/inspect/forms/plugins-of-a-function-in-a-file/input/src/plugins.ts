import { seoPlugin } from '@payloadcms/plugin-seo'
import type { Plugin } from 'payload'

export function getPlugins(env: NodeJS.ProcessEnv): Plugin[] {
  const plugins: Plugin[] = []
  if (env.SEO) plugins.push(seoPlugin({ collections: ['posts'] }))
  return plugins
}
