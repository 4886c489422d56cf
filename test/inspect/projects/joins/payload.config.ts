import { sqliteAdapter } from '@payloadcms/db-sqlite';
import { buildConfig } from 'payload';

export default buildConfig({
  secret: 'x',
  db: sqliteAdapter({ client: { url: ':memory:' } }),
  collections: [
    {
      slug: 'authors',
      fields: [
        { name: 'posts', type: 'join', collection: 'posts', on: 'author', where: { hidden: { equals: false } } },
        { type: 'group', name: 'work', fields: [{ name: 'all', type: 'join', collection: ['posts', 'notes'], on: 'author' }] },
        { name: 'edited', type: 'join', collection: 'posts', on: 'meta.editors', orderable: true },
      ],
    },
    {
      slug: 'posts',
      orderable: true,
      fields: [
        { name: 'author', type: 'relationship', relationTo: 'authors' },
        { name: 'hidden', type: 'checkbox' },
        { type: 'group', name: 'meta', fields: [{ name: 'editors', type: 'relationship', relationTo: 'authors', hasMany: true }] },
      ],
    },
    { slug: 'notes', timestamps: false, fields: [{ name: 'author', type: 'relationship', relationTo: 'authors', unique: true }] },
  ],
});
