import { sqliteAdapter } from '@payloadcms/db-sqlite';
import { buildConfig, deepMerge, slugField, type CollectionConfig, type Field } from 'payload';

const kinds = { cars: ['owner', 'driver'], boats: ['captain'] } as const;

const vehicles = Object.entries(kinds).map(([slug, roles]): CollectionConfig => {
  const fields: Field[] = [];
  for (const role of roles) {
    fields.push({ name: role, type: 'relationship', relationTo: 'people' });
  }
  if (slug === 'boats') fields.unshift({ name: 'berth', type: 'number', unique: true });
  return { slug, fields };
});

const base: CollectionConfig = { slug: 'base', fields: [{ name: 'code', type: 'text', index: true }] };
const people = { ...base, slug: 'people' };
people.versions = { drafts: true };
Object.assign(people, { trash: true });

const recursive = (depth: number): Field[] =>
  depth === 0 ? [] : [{ name: 'children', type: 'array', fields: [{ name: 'person', type: 'relationship', relationTo: 'people' }, ...recursive(depth - 1)] }];

export default buildConfig({
  secret: 'x',
  db: sqliteAdapter({ client: { url: ':memory:' } }),
  collections: [
    ...vehicles,
    people,
    deepMerge(base, { slug: 'merged', fields: [slugField({ fieldToUse: 'code' })] } as CollectionConfig),
    { slug: 'trees', fields: recursive(2) },
  ],
});
