/** The package managers themselves, as commands that stand first in the path and install from a given registry. */
import { chmod, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { environmentOfAPerson, npm } from '../package/packed.js';
import { removeDirectory } from '../support/remove-directory.js';

/** Where the commands are, and what they are to be run with. */
export interface InstalledManagers {
  env: Record<string, string>;
  remove(): Promise<void>;
}

const BUN = `@oven/bun-${process.platform}-${process.arch === 'arm64' ? 'aarch64' : process.arch}${isMusl() ? '-musl' : ''}`;

function isMusl(): boolean {
  if (process.platform !== 'linux') return false;
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime === undefined;
}

/** Installs them once. */
export async function installManagers(registry: string): Promise<InstalledManagers> {
  const directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-managers-'));
  const packages = ['pnpm@10.34.8', 'yarn@1.22.22', '@yarnpkg/cli-dist@4.18.1', `${BUN}@1.4.5`];
  await npm(['install', '--no-save', '--prefer-offline', '--no-audit', '--no-fund', ...packages], directory);
  const own = (file: string) => path.join(directory, 'node_modules', file);
  const bin = path.join(directory, 'bin');
  await mkdir(bin);
  const node = JSON.stringify(process.execPath);
  const commands = {
    pnpm: `export npm_config_store_dir=${path.join(directory, 'pnpm-store')} npm_config_manage_package_manager_versions=false
exec ${node} ${own('pnpm/bin/pnpm.cjs')} "$@"`,
    bun: `exec ${own(`${BUN}/bin/bun`)} "$@"`,
    // One command has two ages: the younger has a file of settings.
    yarn: `directory=$PWD
while [ "$directory" != / ]; do
  if [ -f "$directory/.yarnrc.yml" ]; then exec ${node} ${own('@yarnpkg/cli-dist/bin/yarn.js')} "$@"; fi
  directory=$(dirname "$directory")
done
# Its cache is not for two at a time.
exec ${node} ${own('yarn/bin/yarn.js')} --mutex file:${path.join(directory, 'yarn-mutex')} "$@"`,
  };
  for (const [name, text] of Object.entries(commands)) {
    await writeFile(path.join(bin, name), `#!/bin/sh\n${text}\n`);
    await chmod(path.join(bin, name), 0o755);
  }
  const person = environmentOfAPerson();
  return {
    env: {
      ...person,
      PATH: `${bin}${path.delimiter}${person.PATH}`,
      npm_config_registry: registry,
      npm_config_cache: path.join(directory, 'npm'),
      npm_config_audit: 'false',
      npm_config_fund: 'false',
      npm_config_update_notifier: 'false',
      XDG_CACHE_HOME: path.join(directory, 'cache'),
      YARN_CACHE_FOLDER: path.join(directory, 'yarn'),
      YARN_REGISTRY: registry,
      YARN_NPM_REGISTRY_SERVER: registry,
      YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
      YARN_GLOBAL_FOLDER: path.join(directory, 'yarn-4'),
      YARN_ENABLE_TELEMETRY: '0',
      YARN_ENABLE_HARDENED_MODE: '0',
      YARN_NPM_MINIMAL_AGE_GATE: '0',
      BUN_INSTALL_CACHE_DIR: path.join(directory, 'bun-cache'),
      BUN_CONFIG_REGISTRY: registry,
    },
    remove: () => removeDirectory(directory),
  };
}
