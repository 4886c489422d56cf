import { buildConfig, type Config } from 'payload';
import { db } from './db';
import { cache } from './payload-kv/index';

const createConfig = (given: Partial<Config>) =>
  buildConfig({
    secret: 'secret',
    collections: [{ slug: 'posts', fields: [] }],
    db,
    ...given,
    plugins: [...(given.plugins ?? []), cache],
  });

export default createConfig({ serverURL: 'https://example.com' });
