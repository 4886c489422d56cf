import type { Config } from 'payload'

export function withAudit(config: Config): Config {
  return {
    ...config,
    collections: [
      ...(config.collections ?? []),
      { slug: 'audits', fields: [{ name: 'by', type: 'relationship', relationTo: 'users' }] },
    ],
  }
}
