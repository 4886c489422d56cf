/**
 * What the projects find in `node_modules` once they are installed: this repository's packages, linked, whatever version
 * they declare. That another can be installed is seen before, with stand-ins.
 */
import { cp, mkdir, mkdtemp, readdir, realpath, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeDirectory } from '../support/remove-directory.js';
import { repository } from '../support/repository.js';

/** Directories of packages, each with one Payload. */
export interface Modules {
  /** Gives a project its `node_modules`, in place of one that is there. */
  link(directory: string, kind: 'node' | 'd1', links: Record<string, string>): Promise<void>;
  remove(): Promise<void>;
}

/** Makes them once: behind a link to this package, the compiler would find this repository's Payload, not the project's. */
export async function makeModules(): Promise<Modules> {
  const top = await realpath(await mkdtemp(path.join(tmpdir(), 'payload-kv-modules-')));
  const from = {
    node: [path.join(repository, 'node_modules')],
    d1: [path.join(repository, 'node_modules'), path.join(repository, 'fixtures/cloudflare/node_modules')],
  };
  const names: Record<string, string[]> = {};
  for (const [kind, places] of Object.entries(from)) {
    const to = path.join(top, kind, 'node_modules');
    const found = new Map<string, string>();
    for (const place of places)
      for (const name of await packagesIn(place)) found.set(name, path.join(place, name));
    for (const [name, target] of found) {
      if (name === 'payload-kv' || name.startsWith('fixture-')) continue;
      await mkdir(path.dirname(path.join(to, name)), { recursive: true });
      await symlink(target, path.join(to, name));
    }
    for (const name of ['package.json', 'bin', 'dist', 'templates'])
      await cp(path.join(repository, name), path.join(to, 'payload-kv', name), { recursive: true });
    names[kind] = [...found.keys(), 'payload-kv'].filter((name) =>
      /^(payload|payload-kv|@payloadcms\/.*|graphql|ioredis|wrangler|@types\/node|@cloudflare\/workers-types)$/.test(
        name,
      ),
    );
  }
  return {
    async link(directory, kind, links) {
      const to = path.join(directory, 'node_modules');
      const relink = async (name: string, target: string) => {
        await mkdir(path.dirname(path.join(to, name)), { recursive: true });
        await symlink(target, path.join(to, name));
      };
      await removeDirectory(to);
      for (const name of new Set(names[kind])) await relink(name, path.join(top, kind, 'node_modules', name));
      for (const [name, target] of Object.entries(links)) await relink(name, path.join(directory, target));
    },
    remove: () => removeDirectory(top),
  };
}

async function packagesIn(directory: string): Promise<string[]> {
  const all = await readdir(directory);
  const names = await Promise.all(
    all
      .filter((name) => !name.startsWith('.'))
      .map(async (name) =>
        name.startsWith('@')
          ? (await readdir(path.join(directory, name))).map((it) => `${name}/${it}`)
          : [name],
      ),
  );
  return names.flat();
}
