exports.Posts = {
  slug: 'posts',
  fields: [{ name: 'author', type: 'relationship', relationTo: 'users' }],
}
