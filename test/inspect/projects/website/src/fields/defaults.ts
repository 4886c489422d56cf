import type { CollectionConfig, Field } from 'payload';

const shared: Field[] = [{ name: 'summary', type: 'textarea' }];
export const defaults = { versions: true, timestamps: true, fields: shared } satisfies Partial<CollectionConfig>;

export function withTenant(collection: CollectionConfig): CollectionConfig {
  const { fields, ...rest } = collection;
  return { ...rest, fields: [...fields, { name: 'tenant', type: 'relationship', relationTo: 'users', index: true }] };
}
