const { siteDefaults } = require('@acme/kit')
const { sqliteAdapter } = require('@payloadcms/db-sqlite')
const { buildConfig } = require('payload')

module.exports = buildConfig({
  ...siteDefaults(),
  secret: 'x',
  collections: [{ slug: 'posts', fields: [] }, { slug: 'users', auth: true, fields: [] }],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
