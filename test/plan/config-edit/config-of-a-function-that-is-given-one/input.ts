import { buildConfig, type Config } from 'payload';
import { db } from './db';

const createConfig = (given: Partial<Config>) =>
  buildConfig({
    secret: 'secret',
    collections: [{ slug: 'posts', fields: [] }],
    db,
    ...given,
  });

export default createConfig({ serverURL: 'https://example.com' });
