const { sqliteAdapter } = require('@payloadcms/db-sqlite')
const { buildConfig } = require('payload')
const { Posts } = require('./collections/posts')
const users = require('./collections/users')

module.exports = buildConfig({
  secret: 'x',
  collections: [Posts, users],
  db: sqliteAdapter({ client: { url: 'file:./site.db' } }),
})
