/** What `@payloadcms/plugin-mcp` does to a schema. It is evaluated, never run. */

/** Adds the collection of its keys, whose checkboxes for each tool matter to nobody else. */
export const mcpPlugin =
  (options: any) =>
  (config: any): any => {
    const keys = {
      slug: 'payload-mcp-api-keys',
      auth: { disableLocalStrategy: true, useAPIKey: true },
      fields: [
        {
          name: 'user',
          type: 'relationship',
          relationTo: options?.userCollection ?? config.admin?.user ?? 'users',
        },
        { name: 'label', type: 'text' },
        { name: 'description', type: 'text' },
      ],
    };
    return {
      ...config,
      collections: [...(config.collections ?? []), options?.overrideApiKeyCollection?.(keys) ?? keys],
    };
  };
