export enum Slug {
  Posts = 'posts',
  Pages = 'pages',
}
