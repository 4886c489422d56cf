import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { freePort } from './free-port.js';
import { type RunningSite, served } from './site.js';
import { type BuiltSite, OWN_ENVIRONMENT } from './site-build.js';

/** Starts the Worker in workerd as `wrangler dev` does, with a copy of what D1 and R2 hold. `flags` are for wrangler. */
export async function startWorker(
  { dir }: BuiltSite,
  variables: Record<string, string> = {},
  flags: readonly string[] = [],
): Promise<RunningSite> {
  const state = await mkdtemp(path.join(tmpdir(), 'payload-kv-worker-'));
  await cp(path.join(dir, '.wrangler', 'state'), state, { recursive: true });
  const inspector = await freePort();
  const given = Object.entries({ SITE_MEASUREMENTS: '1', ...variables });
  return served({
    dir,
    arguments: (port) => [
      path.join(dir, 'node_modules', 'wrangler', 'bin', 'wrangler.js'),
      'dev',
      ...['--ip', '127.0.0.1', '--port', String(port), '--inspector-port', String(inspector)],
      ...['--persist-to', state, '--show-interactive-dev-session=false'],
      ...flags,
      ...given.flatMap(([name, value]) => ['--var', `${name}:${value}`]),
    ],
    env: { WRANGLER_SEND_METRICS: 'false' },
    owned: state,
  });
}

/** What the Worker takes, in KiB, compressed: as wrangler tells before it deploys. */
export async function workerSize({ dir }: BuiltSite): Promise<number> {
  const { all } = await execa('npx', ['wrangler', 'deploy', '--dry-run'], {
    cwd: dir,
    env: { ...OWN_ENVIRONMENT, WRANGLER_SEND_METRICS: 'false' },
    stdin: 'ignore',
    all: true,
  });
  const size = /gzip: ([\d.]+) KiB/.exec(all);
  if (!size) throw new Error(`wrangler tells no size:\n${all}`);
  return Number(size[1]);
}
