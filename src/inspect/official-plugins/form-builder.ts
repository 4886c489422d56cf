/** What `@payloadcms/plugin-form-builder` does to a schema. It is evaluated, never run. */

const name = { name: 'name', type: 'text' };
const label = { name: 'label', type: 'text', localized: true };
const width = { name: 'width', type: 'number' };
const required = { name: 'required', type: 'checkbox' };
const common = [name, label, width, required];
const options = {
  name: 'options',
  type: 'array',
  fields: [
    { name: 'label', type: 'text', localized: true },
    { name: 'value', type: 'text' },
  ],
};
const localizedDefault = { name: 'defaultValue', type: 'text', localized: true };

/** The blocks of which an editor builds a form. */
const blocks: any = {
  checkbox: { slug: 'checkbox', fields: [...common, { name: 'defaultValue', type: 'checkbox' }] },
  country: { slug: 'country', fields: common },
  date: { slug: 'date', fields: [...common, { name: 'defaultValue', type: 'date' }] },
  email: { slug: 'email', fields: common },
  message: { slug: 'message', fields: [{ name: 'message', type: 'richText', localized: true }] },
  number: { slug: 'number', fields: [...common, { name: 'defaultValue', type: 'number' }] },
  payment: {
    slug: 'payment',
    fields: [
      ...common,
      { name: 'basePrice', type: 'number' },
      {
        name: 'priceConditions',
        type: 'array',
        fields: [
          { name: 'fieldToUse', type: 'text' },
          { name: 'condition', type: 'select' },
          { name: 'valueForCondition', type: 'text' },
          { name: 'operator', type: 'select' },
          { name: 'valueType', type: 'radio' },
          { name: 'valueForOperator', type: 'text' },
        ],
      },
    ],
  },
  radio: { slug: 'radio', fields: [...common, localizedDefault, options] },
  select: {
    slug: 'select',
    fields: [...common, localizedDefault, { name: 'placeholder', type: 'text' }, options],
  },
  state: { slug: 'state', fields: common },
  text: { slug: 'text', fields: [...common, localizedDefault] },
  textarea: { slug: 'textarea', fields: [...common, localizedDefault] },
  upload: {
    slug: 'upload',
    fields: [
      ...common,
      { name: 'uploadCollection', type: 'select' },
      { name: 'mimeTypes', type: 'array', fields: [{ name: 'mimeType', type: 'text' }] },
      { name: 'maxFileSize', type: 'number' },
      { name: 'multiple', type: 'checkbox' },
    ],
  },
};
const processors = [{ name: 'paymentProcessor', type: 'select' }];

/** A block as the site wants it: its own, the plugin's, or both merged, of which the fields of the site count. */
const blockOf = (key: string, wanted: any): any =>
  wanted === false
    ? undefined
    : wanted === true
      ? blocks[key]
      : key === 'payment'
        ? {
            ...blocks.payment,
            fields: [...blocks.payment.fields, ...(wanted.paymentProcessor ? processors : [])],
          }
        : { ...blocks[key], ...wanted };

/** The fields of a form. */
const formFieldsOf = (given: any, wanted: any) => [
  { name: 'title', type: 'text' },
  {
    name: 'fields',
    type: 'blocks',
    blocks: Object.entries(wanted)
      .map(([key, each]) => blockOf(key, each))
      .filter(Boolean),
  },
  { name: 'submitButtonLabel', type: 'text', localized: true },
  { name: 'confirmationType', type: 'radio' },
  { name: 'confirmationMessage', type: 'richText', localized: true },
  {
    name: 'redirect',
    type: 'group',
    fields: [
      ...(given?.redirectRelationships
        ? [
            { name: 'type', type: 'radio' },
            { name: 'reference', type: 'relationship', relationTo: given.redirectRelationships },
          ]
        : []),
      { name: 'url', type: 'text' },
    ],
  },
  {
    name: 'emails',
    type: 'array',
    fields: [
      { name: 'emailTo', type: 'text' },
      { name: 'cc', type: 'text' },
      { name: 'bcc', type: 'text' },
      { name: 'replyTo', type: 'text' },
      { name: 'emailFrom', type: 'text' },
      { name: 'subject', type: 'text', localized: true },
      { name: 'message', type: 'richText', localized: true },
    ],
  },
];

/** The fields of what visitors send with a form. */
const submissionFieldsOf = (given: any, wanted: any, formSlug: any) => [
  { name: 'form', type: 'relationship', relationTo: formSlug },
  {
    name: 'submissionData',
    type: 'array',
    fields: [
      { name: 'field', type: 'text' },
      { name: 'value', type: 'textarea' },
    ],
  },
  ...(given?.uploadCollections?.length > 0
    ? [
        {
          name: 'submissionUploads',
          type: 'array',
          fields: [
            { name: 'field', type: 'text' },
            { name: 'value', type: 'upload', hasMany: true, relationTo: given.uploadCollections },
          ],
        },
      ]
    : []),
  ...(wanted.payment
    ? [
        {
          name: 'payment',
          type: 'group',
          fields: [
            { name: 'field', type: 'text' },
            { name: 'status', type: 'text' },
            { name: 'amount', type: 'number' },
            { name: 'paymentProcessor', type: 'text' },
            {
              name: 'creditCard',
              type: 'group',
              fields: [
                { name: 'token', type: 'text' },
                { name: 'brand', type: 'text' },
                { name: 'number', type: 'text' },
              ],
            },
          ],
        },
      ]
    : []),
];

/** Adds the collections `forms` and `form-submissions`. */
export const formBuilderPlugin =
  (given: any) =>
  (config: any): any => {
    const wanted = {
      checkbox: true,
      country: true,
      email: true,
      message: true,
      number: true,
      payment: false,
      select: true,
      state: true,
      text: true,
      textarea: true,
      upload: false,
      ...given?.fields,
    };
    const formFields = formFieldsOf(given, wanted);
    const formSlug = given?.formOverrides?.slug || 'forms';
    const forms = {
      ...given?.formOverrides,
      slug: formSlug,
      access: { read: () => true, ...given?.formOverrides?.access },
      fields: given?.formOverrides?.fields?.({ defaultFields: formFields }) ?? formFields,
    };
    const submissionFields = submissionFieldsOf(given, wanted, formSlug);
    const overrides = given?.formSubmissionOverrides;
    const submissions = {
      ...overrides,
      slug: overrides?.slug || 'form-submissions',
      access: { create: () => true, read: ({ req }: any) => Boolean(req.user), ...overrides?.access },
      fields: overrides?.fields?.({ defaultFields: submissionFields }) ?? submissionFields,
    };
    return { ...config, collections: [...(config.collections ?? []), forms, submissions] };
  };
