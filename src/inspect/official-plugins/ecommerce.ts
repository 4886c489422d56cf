/** What `@payloadcms/plugin-ecommerce` does to a schema. It is evaluated, never run. */

export const EUR = { code: 'EUR' };
export const GBP = { code: 'GBP' };
export const USD = { code: 'USD' };

/** The payment method by Stripe, and what it keeps of a transaction. */
export const stripeAdapter = (options?: any): any => {
  const defaultFields = [
    { name: 'customerID', type: 'text' },
    { name: 'paymentIntentID', type: 'text' },
  ];
  return {
    name: 'stripe',
    group: {
      name: 'stripe',
      type: 'group',
      ...options?.groupOverrides,
      fields: options?.groupOverrides?.fields?.({ defaultFields }) ?? defaultFields,
    },
  };
};

const addressParts = [
  'title',
  'firstName',
  'lastName',
  'company',
  'addressLine1',
  'addressLine2',
  'city',
  'state',
  'postalCode',
  'country',
  'phone',
].map((name) => ({ name, type: 'text' }));

/** Whether a part of the plugin is wanted: unless it is turned off. */
const isOn = (option: any): boolean => option !== false;

/** The collection as the site overrides it. */
const overridden = (override: any, defaultCollection: any): any =>
  override?.({ defaultCollection }) ?? defaultCollection;

/** What the options say that several collections depend on. */
const shopOf = (options: any): any => {
  const access = {
    isAuthenticated: ({ req }: any) => Boolean(req.user),
    publicAccess: () => true,
    ...options?.access,
  };
  const products = options?.products === true ? { variants: true } : options?.products;
  const variants = products ? (products.variants ?? true) : false;
  const slugs = {
    addresses: 'addresses',
    carts: 'carts',
    orders: 'orders',
    products: 'products',
    transactions: 'transactions',
    variantOptions: 'variantOptions',
    variants: 'variants',
    variantTypes: 'variantTypes',
    customers: options?.customers?.slug || 'users',
    ...options?.slugMap,
  };
  const currencies = options?.currencies?.supportedCurrencies ?? [USD];
  return {
    access,
    products,
    variants,
    slugs,
    addressFields: options?.addresses?.addressFields?.({ defaultFields: addressParts }) ?? addressParts,
    methods: options?.payments?.paymentMethods ?? [],
    prices: currencies.map(({ code }: any) => ({
      type: 'group',
      fields: [
        { name: `priceIn${code}Enabled`, type: 'checkbox' },
        { name: `priceIn${code}`, type: 'number' },
      ],
    })),
    inventory: isOn(options?.inventory) ? [{ name: 'inventory', type: 'number' }] : [],
    customer: { name: 'customer', type: 'relationship', relationTo: slugs.customers },
    items: {
      name: 'items',
      type: 'array',
      fields: [
        { name: 'product', type: 'relationship', relationTo: slugs.products },
        ...(variants ? [{ name: 'variant', type: 'relationship', relationTo: slugs.variants }] : []),
        { name: 'quantity', type: 'number' },
      ],
    },
    mine: { read: ({ req }: any) => Boolean(req.user), create: access.isAdmin },
    edited: {
      access: { read: access.adminOrPublishedStatus, create: access.isAdmin },
      trash: true,
      versions: { drafts: { autosave: true } },
    },
    listed: { access: { read: access.publicAccess, create: access.isAdmin }, trash: true },
  };
};

const currency = { name: 'currency', type: 'select' };
const amount = [{ name: 'amount', type: 'number' }, currency];

const addressesOf = ({ access, mine, customer, addressFields }: any) => ({
  slug: 'addresses',
  access: { ...mine, create: access.isAuthenticated },
  fields: [
    customer,
    ...addressFields.map((each: any) =>
      each.name === 'country' ? { name: 'country', type: 'select' } : each,
    ),
  ],
});

const variantsOf = ({ edited, slugs, inventory, prices }: any) => ({
  slug: 'variants',
  ...edited,
  fields: [
    { name: 'title', type: 'text' },
    { name: 'product', type: 'relationship', relationTo: slugs.products },
    { name: 'options', type: 'relationship', hasMany: true, relationTo: slugs.variantOptions },
    ...inventory,
    ...prices,
  ],
});

const variantTypesOf = ({ listed, slugs }: any) => ({
  slug: 'variantTypes',
  ...listed,
  fields: [
    { name: 'label', type: 'text' },
    { name: 'name', type: 'text' },
    {
      name: 'options',
      type: 'join',
      collection: slugs.variantOptions,
      on: 'variantType',
      orderable: true,
    },
  ],
});

const variantOptionsOf = ({ listed, slugs }: any) => ({
  slug: 'variantOptions',
  ...listed,
  fields: [
    { name: 'variantType', type: 'relationship', relationTo: slugs.variantTypes },
    { name: 'label', type: 'text' },
    { name: 'value', type: 'text' },
  ],
});

const productsOf = ({ edited, slugs, variants, inventory, prices }: any) => ({
  slug: 'products',
  ...edited,
  fields: [
    ...inventory,
    ...(variants
      ? [
          { name: 'enableVariants', type: 'checkbox' },
          { name: 'variantTypes', type: 'relationship', hasMany: true, relationTo: slugs.variantTypes },
          { name: 'variants', type: 'join', collection: slugs.variants, on: 'product' },
        ]
      : []),
    ...prices,
  ],
});

const cartsOf = ({ mine, customer, items }: any) => ({
  slug: 'carts',
  access: { ...mine, create: () => true },
  fields: [
    items,
    { name: 'secret', type: 'text', index: true },
    customer,
    { name: 'purchasedAt', type: 'date' },
    { name: 'status', type: 'select', virtual: true },
    { name: 'subtotal', type: 'number' },
    currency,
  ],
});

const ordersOf = ({ mine, slugs, customer, items, addressFields }: any) => ({
  slug: 'orders',
  access: mine,
  fields: [
    items,
    { name: 'shippingAddress', type: 'group', fields: addressFields },
    customer,
    { name: 'customerEmail', type: 'email' },
    { name: 'transactions', type: 'relationship', hasMany: true, relationTo: slugs.transactions },
    { name: 'status', type: 'select' },
    ...amount,
  ],
});

const transactionsOf = ({ access, slugs, methods, customer, items, addressFields }: any) => ({
  slug: 'transactions',
  access: { read: access.isAdmin, create: access.isAdmin },
  fields: [
    items,
    ...(methods.length > 0 ? [{ name: 'paymentMethod', type: 'select' }] : []),
    ...methods.map((method: any) => method.group),
    { name: 'billingAddress', type: 'group', fields: addressFields },
    { name: 'status', type: 'select' },
    customer,
    { name: 'customerEmail', type: 'email' },
    { name: 'order', type: 'relationship', relationTo: slugs.orders },
    { name: 'cart', type: 'relationship', relationTo: slugs.carts },
    ...amount,
  ],
});

/** Adds the collections of a shop. */
export const ecommercePlugin =
  (options: any) =>
  (config: any): any => {
    const shop = shopOf(options);
    const { products, variants } = shop;
    return {
      ...config,
      collections: [
        ...(config.collections ?? []),
        // There whatever the option is: `false` turns nothing off.
        overridden(options?.addresses?.addressesCollectionOverride, addressesOf(shop)),
        ...(variants
          ? [
              overridden(variants.variantsCollectionOverride, variantsOf(shop)),
              overridden(variants.variantTypesCollectionOverride, variantTypesOf(shop)),
              overridden(variants.variantOptionsCollectionOverride, variantOptionsOf(shop)),
            ]
          : []),
        ...(products ? [overridden(products.productsCollectionOverride, productsOf(shop))] : []),
        ...(products && isOn(options?.carts)
          ? [overridden(options?.carts?.cartsCollectionOverride, cartsOf(shop))]
          : []),
        ...(isOn(options?.orders)
          ? [overridden(options?.orders?.ordersCollectionOverride, ordersOf(shop))]
          : []),
        ...(isOn(options?.transactions)
          ? [overridden(options?.transactions?.transactionsCollectionOverride, transactionsOf(shop))]
          : []),
      ],
    };
  };
