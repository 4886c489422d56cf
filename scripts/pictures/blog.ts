import path from 'node:path';
import { execa } from 'execa';
import { copyFixture } from '../../test/support/project.js';
import { typescript } from '../../test/support/typescript-loader.js';

const SEED = `import config from '@payload-config';
import { getPayload } from 'payload';
import { seed } from './seed';

await seed(await getPayload({ config }), { posts: 40 });
process.exit(0);
`;

/** A blog of forty posts on SQLite in a directory of its own, without a cache. */
export interface BlogDatabase {
  dir: string;
  env: Record<string, string>;
  remove(): Promise<void>;
}

/** Makes one. It is a git repository in which everything is committed. */
export async function createBlogDatabase(): Promise<BlogDatabase> {
  const blog = await copyFixture('blog', { git: true });
  const env = {
    DATABASE_URI: `file:${path.join(blog.dir, 'blog.db')}`,
    PAYLOAD_SECRET: 'only-for-the-recording-of-a-terminal',
  };
  await blog.write('src/seed-run.ts', SEED);
  await execa(process.execPath, [...typescript, 'src/seed-run.ts'], { cwd: blog.dir, env });
  await execa('rm', ['src/seed-run.ts'], { cwd: blog.dir });
  return { dir: blog.dir, env, remove: blog.remove };
}
