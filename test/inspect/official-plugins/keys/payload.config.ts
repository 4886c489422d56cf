import { mcpPlugin } from '@payloadcms/plugin-mcp';
import { buildConfig } from 'payload';

export default buildConfig({
  secret: 'secret',
  collections: [
    { slug: 'pages', fields: [{ name: 'title', type: 'text' }] },
    { slug: 'users', auth: true, fields: [] },
  ],
  plugins: [mcpPlugin({ collections: { pages: { enabled: true } } })],
});
