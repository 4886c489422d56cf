import type { CollectionConfig } from 'payload';
import { Media, mediaSlug } from './Media';

export const postsSlug = 'posts';
export const Posts: CollectionConfig = {
  slug: postsSlug,
  hooks: { afterRead: [() => Posts.slug, () => Media.slug] },
  fields: [
    { name: 'cover', type: 'upload', relationTo: mediaSlug, filterOptions: () => ({ id: { exists: Boolean(Posts) } }) },
    { name: 'next', type: 'relationship', relationTo: postsSlug },
  ],
};
