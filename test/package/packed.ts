import { join } from 'node:path';
import { execa } from 'execa';
import { repository } from '../support/repository.js';

/** What `npm pack` made. */
export interface PackedPackage {
  /** Path of the tarball. */
  tarball: string;
  /** Paths inside the package, sorted. */
  files: string[];
}

/** Packs what stands in dist now: the build has been made by the global set-up. */
export async function pack(into: string): Promise<PackedPackage> {
  const { stdout } = await npm(
    ['pack', '--json', '--ignore-scripts', '--pack-destination', into],
    repository,
  );
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  if (!packed) throw new Error('npm pack packed nothing');
  return { tarball: join(into, packed.filename), files: packed.files.map((file) => file.path).sort() };
}

/** Runs npm as a person would in that directory, whatever npm script these tests were started by. */
export function npm(args: string[], cwd: string) {
  return execa('npm', args, { cwd, env: environmentOfAPerson(), extendEnv: false });
}

/** The environment without what `npm test` adds to it: nested npm commands would take it for their own. */
export function environmentOfAPerson(): Record<string, string> {
  const added =
    /^(npm_(package|lifecycle)_.*|npm_(command|execpath|node_execpath)|npm_config_local_prefix|INIT_CWD|NODE_ENV|VITEST.*)$/;
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !added.test(entry[0]),
    ),
  );
}
