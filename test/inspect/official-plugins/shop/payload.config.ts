import { EUR, ecommercePlugin, USD } from '@payloadcms/plugin-ecommerce';
import { stripeAdapter } from '@payloadcms/plugin-ecommerce/payments/stripe';
import { buildConfig } from 'payload';

export default buildConfig({
  secret: 'secret',
  admin: { user: 'users' },
  collections: [
    { slug: 'media', upload: true, fields: [] },
    { slug: 'users', auth: true, fields: [] },
  ],
  plugins: [
    ecommercePlugin({
      access: {
        adminOnlyFieldAccess: ({ req: { user } }) => Boolean(user),
        adminOrPublishedStatus: ({ req: { user } }) => (user ? true : { _status: { equals: 'published' } }),
        isAdmin: ({ req: { user } }) => Boolean(user),
        isDocumentOwner: ({ req: { user } }) => (user ? { customer: { equals: user.id } } : false),
      },
      customers: { slug: 'users' },
      currencies: { defaultCurrency: 'EUR', supportedCurrencies: [EUR, USD] },
      payments: { paymentMethods: [stripeAdapter({ secretKey: 'a', publishableKey: 'b' })] },
      products: {
        productsCollectionOverride: ({ defaultCollection }) => ({
          ...defaultCollection,
          fields: [
            { name: 'title', type: 'text' },
            { name: 'gallery', type: 'upload', relationTo: 'media', hasMany: true },
            ...defaultCollection.fields,
          ],
        }),
      },
    }),
  ],
});
