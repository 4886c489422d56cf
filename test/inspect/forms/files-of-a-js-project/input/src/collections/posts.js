/** @type {import('payload').CollectionConfig} */
export const Posts = { slug: 'posts', fields: [{ name: 'title', type: 'text' }] }
