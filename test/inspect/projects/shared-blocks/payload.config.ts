import { sqliteAdapter } from '@payloadcms/db-sqlite';
import { buildConfig, type Block } from 'payload';

const Image: Block = { slug: 'image', fields: [{ name: 'file', type: 'upload', relationTo: 'media' }] };
const Columns: Block = {
  slug: 'columns',
  fields: [{ name: 'columns', type: 'array', fields: [{ name: 'content', type: 'blocks', blockReferences: ['image'], blocks: [] }] }],
};

export default buildConfig({
  secret: 'x',
  db: sqliteAdapter({ client: { url: ':memory:' } }),
  blocks: [Image, Columns],
  collections: [
    { slug: 'pages', fields: [{ name: 'layout', type: 'blocks', blockReferences: ['image', 'columns'], blocks: [] }] },
    { slug: 'media', upload: true, fields: [] },
  ],
});
