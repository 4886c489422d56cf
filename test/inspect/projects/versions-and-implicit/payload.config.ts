import { sqliteAdapter } from '@payloadcms/db-sqlite';
import { buildConfig } from 'payload';

export default buildConfig({
  secret: 'x',
  db: sqliteAdapter({ client: { url: ':memory:' } }),
  collections: [
    { slug: 'plain', fields: [] },
    { slug: 'kept', versions: true, folders: true, fields: [{ name: 'createdAt', type: 'date' }] },
    { slug: 'drafted', versions: { drafts: true }, fields: [] },
    { slug: 'undrafted', versions: { drafts: false, maxPerDoc: 3 }, folders: { browseByFolder: false }, fields: [] },
    { slug: 'payload-media', upload: { filenameCompoundIndex: ['filename', 'alt'] }, fields: [{ name: 'alt', type: 'text' }] },
  ],
  globals: [{ slug: 'settings', versions: true, fields: [] }],
});
