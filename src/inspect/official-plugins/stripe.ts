/** What `@payloadcms/plugin-stripe` does to a schema. It is evaluated, never run. */

/** Adds two fields to the collections that it keeps in step with Stripe. */
export const stripePlugin =
  (options: any) =>
  (config: any): any => ({
    ...config,
    collections: (config.collections ?? []).map((each: any) =>
      options?.sync?.some((sync: any) => sync.collection === each.slug)
        ? {
            ...each,
            fields: [
              ...(each.fields ?? []),
              { name: 'stripeID', type: 'text' },
              { name: 'skipSync', type: 'checkbox' },
            ],
          }
        : each,
    ),
  });
