/** The package.json of a directory. */
import path from 'node:path';
import { type ParseError, parse } from 'jsonc-parser';
import { readIfThere } from './file-system.js';

/** What the package.json of a directory holds, as far as it can be read; `undefined` where there is none. */
export function readManifest(directory: string): Record<string, any> | undefined {
  const text = readIfThere(path.join(directory, 'package.json'));
  if (text === undefined) return undefined;
  const errors: ParseError[] = [];
  const manifest: unknown = parse(text.replace(/^\uFEFF/, ''), errors);
  return typeof manifest === 'object' && manifest !== null ? { ...manifest } : {};
}

/** The groups of a package.json that name what the package depends on; what stands in an earlier one counts. */
export const DEPENDENCY_GROUPS = [
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'peerDependencies',
] as const;

/** The range that a package.json has for one of its dependencies. */
export function rangeIn(manifest: Record<string, any>, name: string): string | undefined {
  return DEPENDENCY_GROUPS.map((group) => Object(manifest[group])[name]).find(
    (range): range is string => typeof range === 'string',
  );
}
