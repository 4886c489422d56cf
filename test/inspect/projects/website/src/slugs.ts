export enum Slug {
  Posts = 'posts',
  Users = 'users',
}
export const MEDIA = 'media' as const;
