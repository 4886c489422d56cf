/** Which versions of Payload an installation may bring: what package.json says, through overrides, catalogs and aliases. */
import path from 'node:path';
import { overlaps } from '../version.js';
import { readIfThere, relativePath } from './file-system.js';
import { rangeIn, readManifest } from './manifest.js';
import { type PackageManager, withinRepository } from './package-manager.js';
import { parseYaml } from './yaml.js';

/** The range that counts, and where it is written. */
export interface DeclaredPayload {
  /** The range that the package manager goes by: of `package.json`, of a catalog, or of what overrides them. */
  declared?: string;
  /** Where it is written, if not as a dependency in the project's `package.json`. */
  through?: { file: string; kind: 'catalog' | 'override' };
  /** Why that may not be all, as the end of a sentence: a file that may say something else cannot be read. */
  unread?: string;
}

/** A range without what says how it is come by; `undefined` where it is of another package. */
export function plainRange(declared: string | undefined): string | undefined {
  if (declared === undefined) return undefined;
  if (declared.startsWith('workspace:')) return declared.slice('workspace:'.length);
  if (declared.startsWith('patch:')) return plainRange(patched(declared));
  if (!declared.startsWith('npm:')) return declared;
  const alias = declared.slice('npm:'.length);
  const at = alias.lastIndexOf('@');
  if (at > 0) return alias.slice(0, at) === 'payload' ? alias.slice(at + 1) : undefined;
  if (alias === 'payload') return '*';
  return /^[a-z@]/i.test(alias) && !/^(?:v\d|x\b)/i.test(alias) ? undefined : alias;
}

/** What is patched by `patch:payload@npm%3A3.90.2#~/.yarn/patches/payload.patch`, as a range. */
function patched(declared: string): string | undefined {
  const [, encoded] = /^patch:payload@([^#]*)/.exec(declared) ?? [];
  try {
    return encoded === undefined ? undefined : decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

/** The range of Payload that counts for the package of a directory. */
export function declaredPayload(
  root: string,
  packageJson: Record<string, unknown>,
  packageManager: PackageManager,
): DeclaredPayload {
  const files = workspaceFiles(root);
  const own = rangeIn(packageJson, 'payload');
  const found = behind(own, root, String(packageJson.name ?? ''), packageManager, files);
  const unread = files.flatMap(({ problems }) => problems())[0];
  return unread === undefined ? found : { ...found, unread };
}

function behind(
  own: string | undefined,
  root: string,
  name: string,
  packageManager: PackageManager,
  files: readonly WorkspaceFiles[],
): DeclaredPayload {
  const said = own === undefined ? {} : behindCatalog(own, files);
  const override = overrideOf({ range: said.declared, name, packageManager, files });
  if (!override) return said;
  const { file } = override;
  let { range } = override;
  if (range.startsWith('$')) {
    // `$payload` is what the dependency of the same package.json says.
    const meant = rangeIn(override.json, range.slice(1));
    if (meant === undefined || (override.directory === root && meant === own)) return said;
    range = meant;
  }
  return { declared: behindCatalog(range, files).declared, through: { file, kind: 'override' } };
}

function behindCatalog(range: string, files: readonly WorkspaceFiles[]): DeclaredPayload {
  if (!range.startsWith('catalog:')) return { declared: range };
  const found = fromCatalog(files, range.slice('catalog:'.length));
  return found
    ? { declared: found.range, through: { file: found.file, kind: 'catalog' } }
    : { declared: range };
}

// ---- overrides ----------------------------------------------------------------------------------------------------

interface Found {
  range: string;
  file: string;
}

interface Asked {
  /** The range that is overridden. */
  range: string | undefined;
  /** Name of the project's package. */
  name: string;
  packageManager: PackageManager;
  files: readonly WorkspaceFiles[];
}

/** An entry that is about Payload: for every package or for one, and for every range of it or for some. */
interface Override {
  parent: string | undefined;
  selector: string | undefined;
  value: unknown;
}

/** What overrides the range of Payload in the workspace, where its package manager heeds it. */
function overrideOf(asked: Asked): (Found & Pick<WorkspaceFiles, 'json' | 'directory'>) | undefined {
  const { packageManager, files } = asked;
  for (const { json, yaml, relative, directory } of files) {
    const places: [file: string, list: unknown][] = [
      ...(packageManager === 'pnpm'
        ? ([['pnpm-workspace.yaml', yaml('pnpm-workspace.yaml').overrides]] as [string, unknown][])
        : []),
      ...overrideLists(packageManager, json).map((list): [string, unknown] => ['package.json', list]),
    ];
    for (const [file, list] of places) {
      const [first] = overridesIn(Object(list), asked)
        .filter((override) => appliesTo(override, asked))
        .sort((one, other) => precision(other) - precision(one));
      const range = first && rangeOf(first.value);
      if (range !== undefined) return { range, file: relative(file), json, directory };
    }
  }
  return undefined;
}

function overrideLists(
  packageManager: PackageManager,
  { overrides, resolutions, pnpm }: Record<string, any>,
): unknown[] {
  switch (packageManager) {
    case 'npm':
      return [overrides];
    case 'pnpm':
      return [pnpm?.overrides, resolutions];
    case 'yarn':
      return [resolutions];
    case 'bun':
      return [overrides, resolutions];
  }
}

/** `payload`, `payload@^3.0.0`, and for one package `cms>payload`, `cms/payload` or npm's object of that name. */
function overridesIn(list: Record<string, unknown>, { name, packageManager }: Asked): Override[] {
  return Object.entries(list).flatMap(([key, value]): Override[] => {
    // What follows `@` or a blank is of a range.
    const cut = packageManager === 'pnpm' ? key.search(/[^ |@]>/) + 1 : 0;
    const match = /^(?:(.+)\/)?payload(?:@(.+))?$/.exec(cut > 0 ? key.slice(cut + 1) : key);
    if (match && !/(?:^|\/)@[^/]+$/.test(match[1] ?? '')) {
      const parent = cut > 0 ? key.slice(0, cut) : match[1];
      return [{ parent: parent === '**' ? undefined : nameIn(parent), selector: match[2], value }];
    }
    const isOwn = packageManager === 'npm' && nameIn(key) === name;
    const nested = isOwn ? rangeOf(Object(value).payload) : undefined;
    return nested === undefined ? [] : [{ parent: name, selector: undefined, value: nested }];
  });
}

/** The name in `name@range`. */
function nameIn(text: string | undefined): string | undefined {
  return text?.replace(/(?<=.)@.*$/, '');
}

function appliesTo({ parent, selector }: Override, { range, name, packageManager }: Asked): boolean {
  if (parent !== undefined && parent !== name) return false;
  if (selector === undefined) return true;
  const [own, wanted] = [plainRange(range), plainRange(selector)];
  if (own === undefined || wanted === undefined) return false;
  return own === wanted || (packageManager !== 'yarn' && overlaps(own, wanted) === true);
}

const precision = ({ parent, selector }: Override): number => (parent ? 2 : 0) + (selector ? 1 : 0);

/** npm has the version of the package itself beside those of its dependencies; `-` takes the package away. */
function rangeOf(value: unknown): string | undefined {
  const range = typeof value === 'object' && value !== null ? (value as { '.'?: unknown })['.'] : value;
  return typeof range === 'string' && range !== '-' ? range : undefined;
}

// ---- catalogs -----------------------------------------------------------------------------------------------------

/** The range that a catalog has for Payload: pnpm's and Yarn's in their YAML, Bun's in `package.json`. */
function fromCatalog(files: readonly WorkspaceFiles[], name: string): Found | undefined {
  const isDefault = name === '' || name === 'default';
  for (const { json, yaml, relative } of files) {
    const places: [file: string, owner: any][] = [
      ['pnpm-workspace.yaml', yaml('pnpm-workspace.yaml')],
      ['.yarnrc.yml', yaml('.yarnrc.yml')],
      ['package.json', json.workspaces],
      ['package.json', json],
    ];
    for (const [file, owner] of places) {
      const range = [...(isDefault ? [owner?.catalog, owner?.catalogs?.default] : [owner?.catalogs?.[name]])]
        .map((catalog) => catalog?.payload)
        .find((it): it is string => typeof it === 'string');
      if (range !== undefined) return { range, file: relative(file) };
    }
  }
  return undefined;
}

// ---- files --------------------------------------------------------------------------------------------------------

interface WorkspaceFiles {
  directory: string;
  json: Record<string, any>;
  /** What a file beside it holds; nothing where there is none. */
  yaml(file: string): Record<string, any>;
  relative(file: string): string;
  /** What could not be read of what was asked for. */
  problems(): string[];
}

/** What may speak for the whole workspace, from the project's directory upwards. */
function workspaceFiles(root: string): WorkspaceFiles[] {
  return withinRepository(root).map((directory) => {
    const relative = (file: string) => relativePath(root, path.join(directory, file));
    const read = new Map<string, ReturnType<typeof parseYaml>>();
    return {
      directory,
      // That of the project itself was read before; what is wrong with another is not ours to say.
      json: readManifest(directory) ?? {},
      yaml(file) {
        const known = read.get(file) ?? parseYaml(readIfThere(path.join(directory, file)) ?? '');
        read.set(file, known);
        return 'data' in known ? known.data : {};
      },
      relative,
      problems: () =>
        [...read].flatMap(([file, it]) =>
          'problem' in it ? [`${relative(file)} is no valid YAML (${it.problem})`] : [],
        ),
    };
  });
}
