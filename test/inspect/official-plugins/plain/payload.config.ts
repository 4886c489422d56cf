import { formBuilderPlugin } from '@payloadcms/plugin-form-builder';
import { importExportPlugin } from '@payloadcms/plugin-import-export';
import { createBreadcrumbsField, createParentField, nestedDocsPlugin } from '@payloadcms/plugin-nested-docs';
import { redirectsPlugin } from '@payloadcms/plugin-redirects';
import { searchPlugin } from '@payloadcms/plugin-search';
import { sentryPlugin } from '@payloadcms/plugin-sentry';
import { seoPlugin } from '@payloadcms/plugin-seo';
import { stripePlugin } from '@payloadcms/plugin-stripe';
import { buildConfig } from 'payload';

export default buildConfig({
  secret: 'secret',
  editor: { validate: () => true } as never,
  admin: { user: 'users' },
  collections: [
    {
      slug: 'pages',
      fields: [
        { name: 'title', type: 'text' },
        createParentField('pages', { index: true }),
        createBreadcrumbsField('pages', { fields: [{ name: 'icon', type: 'text' }] }),
      ],
    },
    { slug: 'customers', fields: [{ name: 'name', type: 'text' }] },
    { slug: 'files', upload: true, fields: [] },
    { slug: 'users', auth: true, fields: [] },
  ],
  plugins: [
    redirectsPlugin({ collections: ['pages'] }),
    nestedDocsPlugin({ collections: ['pages'] }),
    seoPlugin({ collections: ['pages'] }),
    formBuilderPlugin({ fields: { payment: true, upload: true }, uploadCollections: ['files'] }),
    searchPlugin({ collections: ['pages'] }),
    stripePlugin({
      stripeSecretKey: 'secret',
      sync: [
        {
          collection: 'customers',
          stripeResourceType: 'customers',
          stripeResourceTypeSingular: 'customer',
          fields: [{ fieldPath: 'name', stripeProperty: 'name' }],
        },
      ],
    }),
    importExportPlugin({ collections: [{ slug: 'pages' }] }),
    sentryPlugin({ enabled: false }),
  ],
});
