/**
 * A registry on loopback from which every package manager installs within a second, without a network: it has this
 * package as it is packed, and of all others stand-ins, empty but for the manifest with their versions and peers.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { repository } from '../support/repository.js';
import { VERSIONS } from './payload-version.js';

/** What a package manager wants to know of a version. */
interface Manifest {
  name: string;
  version: string;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, unknown>;
  bin?: Record<string, string>;
  engines?: Record<string, string>;
}

/** The registry while it listens. */
export interface StandInRegistry {
  url: string;
  stop(): Promise<void>;
}

const lock = JSON.parse(readFileSync(path.join(repository, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, Omit<Manifest, 'name' | 'dependencies'>>;
};
const own = JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8')) as Manifest;

/** Versions beside those that this repository installs. */
const FURTHER: Record<string, string[]> = { ioredis: ['5.6.1'], typescript: ['5.9.3'] };
/** Those of which each release goes with exactly one release of Payload. */
const PAYLOAD = ['payload', '@payloadcms/db-sqlite', '@payloadcms/db-postgres', '@payloadcms/db-d1-sqlite'];

/** Listens on a free port of loopback. */
export async function startRegistry(tarball: string): Promise<StandInRegistry> {
  const files = new Map<string, Buffer>();
  const packed = readFileSync(tarball);
  const server = createServer(({ url: asked = '/' }, response) => {
    const [, wanted = ''] = decodeURIComponent(asked.split('?')[0]!).split('/-/');
    const name = decodeURIComponent(asked.split('?')[0]!.slice(1)).split('/-/')[0]!;
    const { port } = server.address() as AddressInfo;
    if (wanted.endsWith('.tgz')) {
      const file = files.get(`${name}/${wanted}`);
      response.writeHead(file ? 200 : 404, { 'content-type': 'application/octet-stream' });
      response.end(file);
      return;
    }
    const manifests = manifestsOf(name);
    if (manifests.length === 0) {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end('{"error":"Not found"}');
      return;
    }
    const versions = Object.fromEntries(
      manifests.map((manifest) => {
        const file = `${name.replace(/^.*\//, '')}-${manifest.version}.tgz`;
        const content = name === own.name ? packed : tarballOf(manifest);
        files.set(`${name}/${file}`, content);
        const dist = {
          tarball: `http://127.0.0.1:${port}/${name}/-/${file}`,
          integrity: `sha512-${createHash('sha512').update(content).digest('base64')}`,
          shasum: createHash('sha1').update(content).digest('hex'),
        };
        return [manifest.version, { ...manifest, dist }];
      }),
    );
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ name, 'dist-tags': { latest: manifests.at(-1)!.version }, versions }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** The versions of a package, the oldest first; none of one that nobody here has. */
function manifestsOf(name: string): Manifest[] {
  if (name === own.name) {
    const { version, dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {}, bin = {} } = own;
    return [{ name, version, dependencies, peerDependencies, peerDependenciesMeta, bin }];
  }
  const places = Object.entries(lock.packages).filter(([place]) => place.endsWith(`node_modules/${name}`));
  if (places.length === 0) return [];
  // The one at the top comes first, and is the latest.
  const [known] = places.map(([, manifest]) => manifest) as [Omit<Manifest, 'name'>];
  const installed = places.map(([, { version }]) => version).reverse();
  const isPayload = PAYLOAD.includes(name);
  const versions = isPayload ? VERSIONS : [...new Set([...(FURTHER[name] ?? []), ...installed])];
  return versions.map((version) => ({
    name,
    version,
    peerDependencies: isPayload && name !== 'payload' ? { payload: version } : (known.peerDependencies ?? {}),
    ...(known.peerDependenciesMeta ? { peerDependenciesMeta: known.peerDependenciesMeta } : {}),
  }));
}

/** A tarball with a package.json and nothing else. */
function tarballOf(manifest: Manifest): Buffer {
  const content = Buffer.from(JSON.stringify(manifest));
  const header = Buffer.alloc(512);
  const write = (text: string, at: number) => header.write(text, at, 'latin1');
  const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, '0')}\0`;
  write('package/package.json', 0);
  write(octal(0o644, 8), 100);
  write(octal(0, 8), 108);
  write(octal(0, 8), 116);
  write(octal(content.length, 12), 124);
  write(octal(0, 12), 136);
  write('        ', 148);
  write('0', 156);
  write('ustar\x0000', 257);
  write(
    octal(
      header.reduce((sum, byte) => sum + byte, 0),
      7,
    ),
    148,
  );
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return gzipSync(Buffer.concat([header, content, padding, Buffer.alloc(1024)]));
}
