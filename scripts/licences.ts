// Prints what a production installation brings along, with versions and licences, as package-lock.json has it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What may come along: nothing that asks more of a site than to keep the text of the licence. */
export const ALLOWED_LICENCES = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];

/** A package that is installed with this one. */
export interface Licensed {
  name: string;
  version: string;
  /** As its package.json has it. */
  licence: string;
}

interface Locked {
  version?: string;
  license?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/** All that the dependencies of a lock file bring, by name. What is for development or a peer is left out. */
export function licencesOf(lock: { packages: Record<string, Locked> }): Licensed[] {
  const found = new Map<string, Licensed>();
  const follow = (from: string, names: string[]): void => {
    for (const name of names) {
      const place = placeOf(lock.packages, from, name);
      const locked = lock.packages[place];
      if (!locked || found.has(place)) continue;
      found.set(place, { name, version: locked.version ?? '', licence: locked.license ?? 'none' });
      follow(place, Object.keys({ ...locked.dependencies, ...locked.optionalDependencies }));
    }
  };
  follow('', Object.keys(lock.packages['']?.dependencies ?? {}));
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

/** Where Node finds a package that another one asks for: beside it, or further up. */
function placeOf(packages: Record<string, Locked>, from: string, name: string): string {
  for (
    let folder = from;
    folder !== '';
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))
  ) {
    const place = `${folder}/node_modules/${name}`;
    if (packages[place]) return place;
  }
  return `node_modules/${name}`;
}

/** The same as a table. */
export function licenceTable(licensed: readonly Licensed[]): string {
  const rows = licensed.map(({ name, version, licence }) => `| \`${name}\` | ${version} | ${licence} |`);
  return ['| package | version | licence |', '|---|---|---|', ...rows].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lock = JSON.parse(readFileSync(join(import.meta.dirname, '../package-lock.json'), 'utf8'));
  const licensed = licencesOf(lock);
  console.log(licenceTable(licensed));
  const refused = licensed.filter(({ licence }) => !ALLOWED_LICENCES.includes(licence));
  if (refused.length > 0) {
    console.error(`\nNot allowed: ${refused.map(({ name, licence }) => `${name} (${licence})`).join(', ')}`);
    process.exitCode = 1;
  }
}
