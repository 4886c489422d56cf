/** Payload's versions: those that the stand-ins of the registry have, and how a project says which one it wants. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { repository } from '../support/repository.js';
import type { Draw } from './draw.js';

const manifest = JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8')) as {
  peerDependencies: { payload: string };
  devDependencies: { payload: string };
};

/** The oldest that is supported. */
export const OLDEST = /\d+\.\d+\.\d+/.exec(manifest.peerDependencies.payload)![0];
/** The one that the tests run on. */
export const NEWEST = manifest.devDependencies.payload;

const [, minor = 0] = OLDEST.split('.').map(Number);
const [, newestMinor = 0] = NEWEST.split('.').map(Number);

/** Supported versions, the oldest first. */
export const VERSIONS = [
  OLDEST,
  ...[0.3, 0.7].map((part) => `3.${Math.ceil(minor + (newestMinor - minor) * part)}.0`),
  NEWEST,
].filter((version, index, all) => all.indexOf(version) === index);

/** How `package.json` says which version it wants. */
export type Declaration = 'exact' | 'caret' | 'tilde' | 'alias' | 'override' | 'catalog' | 'named catalog';

/** A version, and how it is declared. */
export interface PayloadVersion {
  version: string;
  declaration: Declaration;
}

/** Versions that are too old. */
export const TOO_OLD = ['3.0.2', `3.${minor - 1}.0`];

/** Draws one of the versions; catalogs only where the package manager has them. */
export function drawPayloadVersion(
  draw: Draw,
  hasCatalogs: boolean,
  versions: readonly string[],
): PayloadVersion {
  const catalogs: Declaration[] = hasCatalogs ? ['catalog', 'named catalog', 'catalog'] : [];
  return {
    version: draw(versions),
    declaration: draw<Declaration>(['exact', 'exact', 'caret', 'tilde', 'alias', 'override', ...catalogs]),
  };
}
