import { formBuilderPlugin } from '@payloadcms/plugin-form-builder';
import { nestedDocsPlugin } from '@payloadcms/plugin-nested-docs';
import { redirectsPlugin } from '@payloadcms/plugin-redirects';
import { searchPlugin } from '@payloadcms/plugin-search';
import { seoPlugin } from '@payloadcms/plugin-seo';
import { buildConfig, type CollectionConfig } from 'payload';

const Pages: CollectionConfig = { slug: 'pages', fields: [{ name: 'title', type: 'text' }] };
const Posts: CollectionConfig = {
  slug: 'posts',
  versions: { drafts: true },
  fields: [{ name: 'title', type: 'text', localized: true }],
};
const Categories: CollectionConfig = { slug: 'categories', fields: [{ name: 'title', type: 'text' }] };

export default buildConfig({
  secret: 'secret',
  editor: { validate: () => true } as never,
  collections: [
    Pages,
    Posts,
    Categories,
    { slug: 'media', upload: true, fields: [] },
    { slug: 'users', auth: true, fields: [] },
  ],
  globals: [{ slug: 'home', fields: [{ name: 'title', type: 'text' }] }],
  localization: { locales: ['en', 'de'], defaultLocale: 'en' },
  plugins: [
    redirectsPlugin({
      collections: ['pages', 'posts'],
      redirectTypes: ['301', '302'],
      overrides: {
        fields: ({ defaultFields }) =>
          defaultFields.map((field) =>
            'name' in field && field.name === 'from' ? { ...field, admin: { description: 'From' } } : field,
          ),
      },
    }),
    nestedDocsPlugin({ collections: ['categories', Pages.slug] }),
    seoPlugin({
      collections: ['pages', 'posts'],
      globals: ['home'],
      uploadsCollection: 'media',
      tabbedUI: true,
      fields: ({ defaultFields }) => [...defaultFields, { name: 'canonical', type: 'text' }],
    }),
    formBuilderPlugin({
      fields: { payment: false, date: true, radio: true },
      redirectRelationships: ['pages'],
      formOverrides: {
        slug: 'contact-forms',
        fields: ({ defaultFields }) => [...defaultFields, { name: 'intro', type: 'text', localized: true }],
      },
      formSubmissionOverrides: { slug: 'answers' },
    }),
    searchPlugin({
      collections: ['posts'],
      searchOverrides: {
        fields: ({ defaultFields }) => [...defaultFields, { name: 'slug', type: 'text', index: true }],
      },
    }),
  ],
});
