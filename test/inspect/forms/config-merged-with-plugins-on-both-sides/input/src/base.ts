import type { Config, Plugin } from 'payload'

const auditing: Plugin = (config) => config

export const base: Omit<Config, 'db'> = {
  secret: 'x',
  collections: [{ slug: 'pages', fields: [{ name: 'title', type: 'text' }] }],
  plugins: [auditing],
}
