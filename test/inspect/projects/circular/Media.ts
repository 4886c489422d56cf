import type { CollectionConfig } from 'payload';
import { Posts } from './Posts';

export const mediaSlug = 'media';
export const Media: CollectionConfig = {
  slug: mediaSlug,
  upload: true,
  hooks: { beforeChange: [() => Posts.slug] },
  fields: [{ name: 'usedIn', type: 'join', collection: 'posts', on: 'cover' }],
};
