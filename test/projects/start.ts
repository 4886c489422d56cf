/** Starts the Payload of a project as its site would, asks and writes a little, and tells what the cache made of it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { build } from 'esbuild';
import { removeDirectory } from '../support/remove-directory.js';

/** What became of the same question, asked again and again, and of a write in between. */
export interface Answer {
  /** Number of posts: three times at first, and three times after one was written. */
  counts: number[];
  /** Hits by then. */
  hits: number[];
  errors: number;
  collections: string[];
}

/** A process that starts projects, one at a time. */
export interface Starter {
  start(root: string, config: string): Promise<Answer>;
  stop(): void;
}

/** Platform proxies of wrangler end with the process that asked for them. */
const STARTS = 6;
const EXTERNAL = ['payload', 'payload-kv', '@payloadcms/*', 'graphql', 'ioredis', 'wrangler'];

const entry = (config: string, key: number) => `
import config from ${JSON.stringify(config)};
import { getPayload } from 'payload';
import { getCacheStats, settleCache } from 'payload-kv';

export async function start() {
  const payload = await getPayload({ config, key: 'project-${key}' });
  const counts = [];
  const hits = [];
  const ask = async () => {
    const { totalDocs } = await payload.find({ collection: 'posts', depth: 1 });
    await payload.findGlobal({ slug: 'header' });
    await settleCache(payload);
    counts.push(totalDocs);
    hits.push(getCacheStats(payload)?.total.hits);
  };
  await ask();
  await ask();
  await ask();
  const tag = await payload.create({ collection: 'tags', data: { name: 'walk' } });
  await payload.create({ collection: 'posts', data: { title: 'First', slug: 'first', tags: [tag.id], _status: 'published' } });
  await ask();
  await ask();
  await ask();
  const { errors } = getCacheStats(payload).total;
  const collections = payload.config.collections.map(({ slug }) => slug);
  await payload.destroy?.();
  return { counts, hits, errors, collections };
}
`;

/** A process for the projects; it begins with the first. */
export function createStarter(): Starter {
  let child: ChildProcess | undefined;
  let said = '';
  let count = 0;
  let last: Promise<unknown> = Promise.resolve();

  function childToAsk(): ChildProcess {
    if (child && count % STARTS !== 0) return child;
    child?.kill();
    const begun = fork(path.join(import.meta.dirname, 'start-child.ts'), {
      // By its place: threads of the project's look for it in the project.
      execArgv: ['--import', import.meta.resolve('tsx')],
      silent: true,
      env: {
        ...process.env,
        NODE_ENV: 'development',
        VITEST: undefined,
        PAYLOAD_FORCE_DRIZZLE_PUSH: 'true',
        PAYLOAD_DISABLE_DEPENDENCY_CHECKER: 'true',
        DISABLE_PAYLOAD_HMR: 'true',
        PAYLOAD_KV_TIMEOUT: '30000',
      },
    });
    for (const stream of [begun.stdout!, begun.stderr!])
      stream.on('data', (chunk) => {
        said = `${said}${chunk}`.slice(-4000);
      });
    child = begun;
    return begun;
  }

  async function startOne(root: string, config: string): Promise<Answer> {
    const asked = childToAsk();
    const bundle = path.join(root, '.start.mjs');
    said = '';
    try {
      await build({
        stdin: { contents: entry(path.join(root, config), count++), resolveDir: root, loader: 'ts' },
        outfile: bundle,
        bundle: true,
        format: 'esm',
        platform: 'node',
        target: 'node20',
        logLevel: 'silent',
        external: EXTERNAL,
        preserveSymlinks: false,
      });
      asked.send({ bundle, root });
      const ended = once(asked, 'exit').then(() => {
        throw new Error(`The process of the project ended:\n${said}`);
      });
      const [message] = await Promise.race([once(asked, 'message'), ended]);
      const { ok, answer, error } = message as { ok: boolean; answer: Answer; error: string };
      if (!ok) throw new Error(`The project does not start: ${error}\n${said}`);
      return answer;
    } finally {
      for (const left of ['.start.mjs', '.wrangler', 'site.db', 'site.db-shm', 'site.db-wal', 'media'])
        await removeDirectory(path.join(root, left));
    }
  }

  return {
    start(root, config) {
      const next = last.then(() => startOne(root, config));
      last = next.catch(() => undefined);
      return next;
    },
    stop: () => void child?.kill(),
  };
}
