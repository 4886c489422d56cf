export const AUTHORS = 'authors'
export const SLUGS = { posts: 'posts', pages: 'pages' } as const
