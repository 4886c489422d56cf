export const Posts = { slug: 'posts', fields: [] }
