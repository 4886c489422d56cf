import { sqliteAdapter } from '@payloadcms/db-sqlite'
import { buildConfig } from 'payload'

export default buildConfig({
  secret: 'x',
  globals: [{ slug: 'landing', fields: [{ name: 'headline', type: 'text', localized: true }] }],
  localization: { locales: [{ code: 'en', label: 'English' }, { code: 'de', label: 'Deutsch' }], defaultLocale: 'en' },
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
