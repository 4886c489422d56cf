import type { CollectionConfig } from 'payload';
import { link } from '../fields/link';
import { linkGroup } from '../fields/linkGroup';
import { slugField } from '../fields/slug';
import { Slug } from '../slugs';
import { Media } from './rest';

export const Posts = {
  slug: Slug.Posts,
  versions: { drafts: { autosave: { interval: 100 }, schedulePublish: false }, maxPerDoc: 5 },
  fields: [
    { name: 'title', type: 'text', required: true },
    ...slugField(),
    link({ appearances: false }),
    linkGroup({ overrides: { maxRows: 2 } }),
    { name: 'hero', type: 'upload', relationTo: Media.slug as 'media' },
    { name: 'authors', type: 'relationship', relationTo: Slug.Users, hasMany: true },
  ],
} satisfies CollectionConfig as CollectionConfig;
