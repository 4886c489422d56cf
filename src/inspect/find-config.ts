/** Finds the Payload config and the package that it belongs to. */
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { PayloadKVError } from '../errors.js';
import { isFile, relativePath, upwards } from './file-system.js';
import { declaresWorkspace } from './package-manager.js';
import type { Tsconfigs } from './tsconfig.js';

/** Where to look for the project. */
export interface InspectOptions {
  /** Directory to start in. */
  cwd: string;
  /** Path of the config, absolute or relative to `cwd`. Default: searched for. */
  config?: string;
  /**
   * Reads what can be read where the config object or its collections cannot: for who asks Payload itself afterwards.
   * Default `false`: an error.
   */
  partial?: boolean;
}

const EXTENSIONS = ['ts', 'mts', 'js', 'mjs'];
/** In Payload's own order: what is in `src` goes before the root. */
const PLACES = ['src', '.', 'app', 'src/app'];
const SKIPPED = new Set(['node_modules', 'dist', 'build', 'out', 'coverage', 'vendor']);
const DEEPEST = 4;
/** The alias that Payload's admin panel imports the config by. */
const ALIAS = '@payload-config';

/** The config's absolute path, and the absolute directory of its package. */
export function findConfig(options: InspectOptions, configs: Tsconfigs): { config: string; root: string } {
  const given = path.resolve(options.cwd);
  if (!statSync(given, { throwIfNoEntry: false })?.isDirectory()) {
    throw new PayloadKVError({
      code: 'CONFIG_NOT_FOUND',
      message: `There is no directory ${given}.`,
      nextStep: 'Give the directory of the Payload project with --cwd.',
    });
  }
  // Packages of a workspace resolve to where they really are, so everything is told from there.
  const cwd = realpathSync(given);
  if (options.config !== undefined) {
    const config = path.resolve(cwd, options.config);
    if (!isFile(config)) {
      throw new PayloadKVError({
        code: 'CONFIG_NOT_FOUND',
        message: `There is no file ${options.config}.`,
        location: { file: options.config },
        nextStep: 'Give the path of the Payload config with --config.',
      });
    }
    if (!/\.[cm]?[jt]s$/.test(config)) {
      throw new PayloadKVError({
        code: 'CONFIG_NOT_FOUND',
        message: `${options.config} is no TypeScript or JavaScript file.`,
        location: { file: options.config },
        nextStep: 'Give the path of the Payload config, such as src/payload.config.ts, with --config.',
      });
    }
    return { config, root: packageOf(config, cwd) };
  }
  // A command may be run in a directory of the package, so look up to where the package begins.
  for (const directory of upwards(cwd)) {
    const isPackage = isFile(path.join(directory, 'package.json'));
    const config =
      configOf(directory, configs.aliasTargets(directory, ALIAS)) ??
      (isPackage ? atUnusualPlace(directory) : undefined);
    if (config) return { config, root: packageOf(config, directory) };
    if (isPackage) break;
  }
  return amongPackages(cwd, configs);
}

/** The config of one directory: what the alias names, else the only one at the usual places. */
function configOf(directory: string, aliasTargets: string[]): string | undefined {
  for (const target of aliasTargets) {
    const file = withExtension(target);
    // An alias inherited from a tsconfig further up may lead into another package.
    if (file && isWithin(directory, file)) return file;
  }
  const found = PLACES.flatMap((place) => {
    const files = EXTENSIONS.map((extension) => path.join(directory, place, `payload.config.${extension}`));
    // A build may leave the .js beside its .ts.
    return files.filter(isFile).slice(0, 1);
  });
  return onlyConfig(directory, found);
}

/** The config of a package that has it in a directory of its own choice, such as `src/payload`. */
function atUnusualPlace(directory: string): string | undefined {
  return onlyConfig(directory, configsIn(directory, 0));
}

function configsIn(directory: string, depth: number): string[] {
  return directoriesIn(directory).flatMap((name) => {
    const inner = path.join(directory, name);
    if (isFile(path.join(inner, 'package.json'))) return [];
    const files = EXTENSIONS.map((extension) => path.join(inner, `payload.config.${extension}`));
    return [...files.filter(isFile).slice(0, 1), ...(depth < DEEPEST ? configsIn(inner, depth + 1) : [])];
  });
}

/** The one config among files of its name: not what belongs to another tool, nor what only re-exports another. */
function onlyConfig(directory: string, found: string[]): string | undefined {
  const texts = new Map(found.map((file) => [file, readFileSync(file, 'utf8')]));
  const own = found.filter((file) => found.length === 1 || isPayloadConfig(texts.get(file)!));
  const heads = own.filter((file) => !leadsTo(file, texts.get(file)!, own));
  const [first, ...others] = heads;
  if (!first || others.length === 0) return first ?? found[0];
  throw severalConfigs(directory, heads, 'This directory has several Payload configs');
}

/** Whether the text has anything of a Payload config: other tools have files of that name as well. */
export function isPayloadConfig(text: string): boolean {
  return /payload['"/]|@payloadcms|buildConfig|\bcollections\b|\bglobals\b|from\s*['"][.@~#]|require\(\s*['"]\./.test(
    text,
  );
}

function exportsDefault(text: string): boolean {
  return /\bexport\s+default\b|\bexport\s*\{[^}]*\bdefault\b|\bexport\s*=|\bmodule\.exports\b|\bexports\.default\b/.test(
    text,
  );
}

function leadsTo(file: string, text: string, others: string[]): boolean {
  if (/buildConfig/.test(text)) return false;
  return [...text.matchAll(/from\s*['"](\.[^'"]+)['"]/g)].some(([, specifier]) => {
    const target = withExtension(path.resolve(path.dirname(file), specifier!));
    return target !== undefined && target !== file && others.includes(target);
  });
}

/** In a directory without a config: what the packages below it have. */
function amongPackages(cwd: string, configs: Tsconfigs): { config: string; root: string } {
  const everywhere = configsBelow(cwd, configs, 0);
  const ofPayload = everywhere.filter((file) => isPayloadConfig(readFileSync(file, 'utf8')));
  // A package may keep a function under that name, which the apps' own configs call.
  const exported = ofPayload.filter((file) => exportsDefault(readFileSync(file, 'utf8')));
  const below = [exported, ofPayload, everywhere].find(({ length }) => length > 0) ?? [];
  const [only, ...others] = below;
  if (only && others.length === 0) return { config: only, root: packageOf(only, cwd) };
  if (only) {
    throw severalConfigs(
      cwd,
      below,
      declaresWorkspace(cwd)
        ? 'This is a workspace with several Payload projects'
        : 'There are several Payload projects below this directory',
    );
  }
  throw new PayloadKVError({
    code: 'CONFIG_NOT_FOUND',
    message: `No payload.config.ts was found in ${cwd}, in its src or app directory, in a package below it, or by the alias @payload-config of its tsconfig.`,
    nextStep:
      'Run the command in a Payload project, or name the config with --config and the directory with --cwd.',
  });
}

function configsBelow(directory: string, configs: Tsconfigs, depth: number): string[] {
  if (depth > DEEPEST) return [];
  return directoriesIn(directory).flatMap((name) => {
    const inner = path.join(directory, name);
    if (isFile(path.join(inner, 'package.json'))) {
      const config = configOf(inner, aliasTargetsOf(inner, configs)) ?? atUnusualPlace(inner);
      if (config) return [config];
    }
    return configsBelow(inner, configs, depth + 1);
  });
}

/** Names of the directories that may hold source, sorted. */
function directoriesIn(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !SKIPPED.has(entry.name) && !entry.name.startsWith('.'))
      .map((entry) => entry.name)
      .sort();
  } catch {
    return [];
  }
}

/** What the alias names in a package that may be none of Payload's: its broken tsconfig is not of interest here. */
function aliasTargetsOf(directory: string, configs: Tsconfigs): string[] {
  try {
    return configs.aliasTargets(directory, ALIAS);
  } catch (error) {
    if (error instanceof PayloadKVError) return [];
    throw error;
  }
}

const candidates = new WeakMap<object, string[]>();

/** The absolute paths of the configs that an error `SEVERAL_CONFIGS` is about; `undefined` of any other error. */
export function configsToChooseFrom(error: unknown): string[] | undefined {
  return typeof error === 'object' && error !== null ? candidates.get(error) : undefined;
}

function severalConfigs(directory: string, files: string[], what: string): PayloadKVError {
  const listed = files.map((file) => relativePath(directory, file));
  const error = new PayloadKVError({
    code: 'SEVERAL_CONFIGS',
    message: `${what}: ${listed.join(', ')}.`,
    nextStep: `Choose one, e.g. --config ${listed[0]}`,
  });
  candidates.set(error, files);
  return error;
}

/** The directory of the nearest package.json, else the directory given. */
function packageOf(config: string, otherwise: string): string {
  return (
    upwards(path.dirname(config)).find((directory) => isFile(path.join(directory, 'package.json'))) ??
    otherwise
  );
}

function withExtension(target: string): string | undefined {
  if (isFile(target)) return target;
  const stem = target.replace(/\.(?:js|mjs)$/, '');
  return EXTENSIONS.map((extension) => `${stem}.${extension}`).find(isFile);
}

function isWithin(directory: string, file: string): boolean {
  return !path.relative(directory, file).startsWith('..');
}
