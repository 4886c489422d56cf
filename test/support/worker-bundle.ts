import { type BuildOptions, build } from 'esbuild';
import { repository } from './repository.js';

/** A Worker's script, bundled as a user's bundler would. */
export async function workerBundle(
  source: Pick<BuildOptions, 'stdin' | 'plugins'> & { entryPoints?: string[] },
): Promise<string> {
  const { outputFiles } = await build({
    ...source,
    absWorkingDir: repository,
    bundle: true,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*', 'cloudflare:*'],
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}
