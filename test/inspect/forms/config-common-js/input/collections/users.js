module.exports = { slug: 'users', auth: true, fields: [] }
