import { sqliteAdapter } from '@payloadcms/db-sqlite';
import { buildConfig } from 'payload';
import type { Field } from 'payload';

const seo: Field[] = [
  { name: 'metaTitle', type: 'text', localized: true },
  { name: 'metaImage', type: 'upload', relationTo: 'files' },
];

export default buildConfig({
  secret: 'x',
  db: sqliteAdapter({ client: { url: ':memory:' } }),
  localization: { defaultLocale: 'en', locales: [{ code: 'en', label: 'English' }, { code: 'de', label: 'Deutsch' }] },
  collections: [
    {
      slug: 'events',
      fields: [
        { name: 'title', type: 'text', localized: true, unique: true },
        { name: 'starts', type: 'date', index: true, timezone: { supportedTimezones: [{ label: 'UTC', value: 'UTC' }] } },
        { name: 'place', type: 'point' },
        { name: 'data', type: 'json' },
        { name: 'kind', type: 'select', hasMany: true, options: ['a', 'b'] },
        { type: 'ui', name: 'hint', admin: {} },
        { type: 'row', fields: [{ type: 'collapsible', label: 'x', fields: [{ name: 'inRow', type: 'number' }] }] },
        { type: 'group', label: 'No name', fields: [{ name: 'inUnnamedGroup', type: 'email' }] },
        { type: 'group', name: 'venue', fields: [{ name: 'city', type: 'text', index: true }, { name: 'owner', type: 'relationship', relationTo: ['people', 'files'] }] },
        {
          type: 'tabs',
          tabs: [
            { label: 'Unnamed', fields: [{ name: 'inTab', type: 'checkbox' }] },
            { name: 'seo', localized: true, fields: seo },
          ],
        },
        {
          name: 'sessions',
          type: 'array',
          fields: [
            { name: 'speaker', type: 'relationship', relationTo: 'people', hasMany: true },
            { name: 'slides', type: 'array', fields: [{ name: 'file', type: 'upload', relationTo: 'files' }] },
          ],
        },
        {
          name: 'layout',
          type: 'blocks',
          blocks: [
            { slug: 'quote', fields: [{ name: 'by', type: 'relationship', relationTo: 'people' }, { name: 'text', type: 'text' }] },
            { slug: 'teaser', fields: [{ name: 'by', type: 'relationship', relationTo: 'files' }, { name: 'text', type: 'textarea' }] },
          ],
        },
        { name: 'venueCity', type: 'text', virtual: 'people.name' },
        { name: 'people', type: 'relationship', relationTo: 'people' },
        { name: 'computed', type: 'text', virtual: true },
      ],
    },
    { slug: 'people', auth: true, fields: [{ name: 'name', type: 'text' }] },
    { slug: 'files', upload: { imageSizes: [{ name: 'thumb', width: 100 }] }, fields: [] },
  ],
  globals: [{ slug: 'menu', versions: { drafts: true }, fields: [{ name: 'home', type: 'relationship', relationTo: 'events' }] }],
});
