/** Reads a Payload project: the one entry to inspection. Nothing is changed, and nothing of the project is run. */
import path from 'node:path';
import { type ParseError, parse } from 'jsonc-parser';
import { PayloadKVError } from '../errors.js';
import { type CodeStyle, detectCodeStyle } from './code-style.js';
import { completeSchema } from './complete-schema.js';
import { configObjects } from './config-objects.js';
import { readConfigShape, shapeOfUncertain } from './config-shape/read-config-shape.js';
import type { ConfigShape } from './config-shape/shape.js';
import { type ProjectDatabase, readDatabase } from './database.js';
import { createEvaluator } from './evaluate/create-evaluator.js';
import type { ObjectValue } from './evaluate/value.js';
import { isFile, readIfThere } from './file-system.js';
import { findConfig, type InspectOptions } from './find-config.js';
import { officialPackage } from './official-plugins.js';
import { type OtherCache, otherCaches } from './other-caches.js';
import { type PackageManager, readPackageManager, workspaceRoot } from './package-manager.js';
import { readPayloadTypes } from './payload-types/read-payload-types.js';
import type { TypedSchema } from './payload-types/typed-schema.js';
import {
  absentAuthFields,
  type PayloadVersion,
  readPayloadVersion,
  requirePayload3,
} from './payload-version.js';
import type { ConfigSchema } from './read-schema/config-schema.js';
import { readSchema } from './read-schema/read-schema.js';
import type { ProjectSchema } from './schema.js';
import { type SourceFiles, sourceFiles } from './source-files.js';
import { tsconfigs } from './tsconfig.js';
import type { ts } from './typescript.js';
import { readWrangler, type WranglerConfig } from './wrangler.js';

export type { DatabaseKind, ProjectDatabase } from './database.js';
export type { InspectOptions } from './find-config.js';
export type { PackageManager } from './package-manager.js';
export type { PayloadVersion } from './payload-version.js';

/** A Payload project: what inspection found. Paths are relative to `root`, with forward slashes. */
export interface Project {
  /** Absolute directory of the package that holds the config. */
  root: string;
  /** The config file that Payload loads. */
  configPath: string;
  /** The files from the config to the one that holds the config object, the config first. */
  configChain: string[];
  configShape: ConfigShape;
  /** Caches of other plugins on the database adapter. */
  otherCaches: OtherCache[];
  schema: ProjectSchema;
  database: ProjectDatabase;
  packageManager: PackageManager;
  /** Absolute directory of the workspace's or the project's lock file. */
  lockFileDir?: string;
  wrangler?: WranglerConfig;
  payloadVersion: PayloadVersion;
  /** The generated types of Payload, if the file exists. */
  typesFile?: string;
  tsconfigPath?: string;
  /** `cloudflare-env.d.ts` or `worker-configuration.d.ts`, if there is one. */
  cloudflareEnvTypes?: string;
  /**
   * A directory `payload-kv` beside the config would be taken for the package of that name: `baseUrl` or a path `*` of
   * the tsconfig leads there.
   */
  shadowsPackage: boolean;
  /** `src` where the config lies in it, `app`, …: the directory that holds the config, `.` for the root. */
  sourceDir: string;
  style: CodeStyle;
  /** The source files that were read to learn this, sorted. */
  filesRead: string[];
  /** Parsed `package.json` of `root`. */
  packageJson: Record<string, unknown>;
}

/**
 * Reads the project at `cwd`, or the one of `config`. Throws a `PayloadKVError` with one of the codes
 * `CONFIG_NOT_FOUND`, `SEVERAL_CONFIGS`, `CONFIG_UNPARSABLE`, `CONFIG_UNREADABLE`, `NO_COLLECTIONS`,
 * `PACKAGE_JSON_UNPARSABLE`, `PAYLOAD_VERSION_UNSUPPORTED`, `TSCONFIG_UNPARSABLE`.
 */
export function inspectProject(options: InspectOptions): Project {
  const configs = tsconfigs(path.resolve(options.cwd));
  const { config, root } = findConfig(options, configs);
  const packageJson = readPackageJson(root);
  const payloadVersion = readPayloadVersion(root, packageJson);
  requirePayload3(payloadVersion);

  const files = sourceFiles(root, configs);
  const evaluator = createEvaluator(files);
  const { values, chain, missing, unsure } = configObjects(evaluator, config, options.partial === true);
  const value = evaluator.asOne(values, evaluator.load(config).source);
  const database = readDatabase(evaluator, value);
  const read = readSchema(evaluator, value, idTypeOf(database), absentAuthFields(root, payloadVersion));
  const wrapped = chain.wrappedBy;
  if (wrapped) {
    read.unresolved.unshift(wrapped);
    read.open = true;
    if (read.adding === 'nothing') read.adding = 'plugins';
  }

  const typesFile = findTypes(files, read, config);
  const types = typesFile === undefined ? undefined : readTypes(files, typesFile, read);
  const schema = completeSchema(read, types, {
    typesFile: typesFile === undefined ? '' : files.relative(typesFile),
    expectsKV: hasKVCollection(payloadVersion.installed) && !read.ownKV,
  });
  if (!options.partial) requireSomething(schema, files, value);

  const { packageManager, lockFileDir } = readPackageManager(root);
  const { configPath: tsconfig } = configs.optionsFor(path.dirname(config));
  const style = detectCodeStyle(styleSources(files, config, root));
  const configShape = missing
    ? shapeOfUncertain(evaluator, config, missing)
    : readConfigShape(evaluator, values, config, unsure);
  return {
    root,
    configPath: files.relative(config),
    configChain: chain.files,
    configShape,
    otherCaches: otherCaches(evaluator, configShape),
    schema,
    database,
    packageManager,
    lockFileDir,
    wrangler: readWrangler(root, workspaceRoot(root)),
    payloadVersion,
    typesFile: typesFile === undefined ? undefined : files.relative(typesFile),
    tsconfigPath: tsconfig === undefined ? undefined : files.relative(tsconfig),
    cloudflareEnvTypes: findEnvTypes(root),
    shadowsPackage: configs.bareRoots(path.dirname(config)).includes(path.dirname(config)),
    sourceDir: files.relative(path.dirname(config)) || '.',
    style,
    filesRead: files
      .parsed()
      .filter(({ fileName }) => officialPackage(fileName) === undefined)
      .map(({ fileName }) => files.relative(fileName))
      .sort(),
    packageJson,
  };
}

/** The types of the Worker's bindings, relative to the root. */
export function findEnvTypes(root: string): string | undefined {
  return ['cloudflare-env.d.ts', 'worker-configuration.d.ts']
    .flatMap((name) => [name, `src/${name}`])
    .find((name) => isFile(path.join(root, name)));
}

function readPackageJson(root: string): Record<string, unknown> {
  const text = readIfThere(path.join(root, 'package.json'));
  if (text === undefined) return {};
  const errors: ParseError[] = [];
  const parsed: unknown = parse(text.replace(/^\uFEFF/, ''), errors);
  const [first] = errors;
  if (first || typeof parsed !== 'object' || parsed === null) {
    throw new PayloadKVError({
      code: 'PACKAGE_JSON_UNPARSABLE',
      message: 'package.json is no valid JSON.',
      location: { file: 'package.json', line: text.slice(0, first?.offset ?? 0).split('\n').length },
      nextStep: 'Correct the file and run the command again.',
    });
  }
  return parsed as Record<string, unknown>;
}

/** Throws `NO_COLLECTIONS` where there is neither a collection nor a global of the project's own. */
function requireSomething(schema: ProjectSchema, files: SourceFiles, config: ObjectValue): void {
  const own = schema.collections.filter((collection) => collection.location || collection.origin === 'types');
  if (own.length > 0 || schema.globals.length > 0) return;
  const unread = schema.unresolved.find(({ part }) => ['collections', 'config', 'plugins'].includes(part));
  throw new PayloadKVError({
    code: 'NO_COLLECTIONS',
    message: unread
      ? `No collection could be read: ${unread.expression}: ${unread.reason}.`
      : 'The config has no collections and no globals, so there is nothing to cache.',
    location: unread?.location ?? files.locate(config.node),
    nextStep: unread
      ? 'Generate payload-types.ts with `payload generate:types`: the collections can be read from there. Or ask Payload itself, with --exact.'
      : 'Add a collection to the config and run the command again.',
  });
}

function idTypeOf({ kind, idType }: ProjectDatabase): 'number' | 'text' {
  if (kind === 'mongodb' || idType === 'uuid') return 'text';
  return 'number';
}

// ---- generated types ----------------------------------------------------------------------------------------------

/** The generated types: where the config has them written, else at the usual places. */
function findTypes(files: SourceFiles, read: ConfigSchema, config: string): string | undefined {
  return [
    ...(read.typesOutputFile ? [path.resolve(files.root, read.typesOutputFile)] : []),
    path.join(files.root, 'payload-types.ts'),
    path.join(path.dirname(config), 'payload-types.ts'),
    path.join(files.root, 'src/payload-types.ts'),
  ].find(isFile);
}

function readTypes(files: SourceFiles, typesFile: string, read: ConfigSchema): TypedSchema | undefined {
  const types = readPayloadTypes(typesFile);
  if (!('problem' in types)) return types;
  read.warnings.push(`${files.relative(typesFile)} could not be read: ${types.problem}.`);
  return undefined;
}

/** Payload keeps its own `payload.kv` in a collection from 3.62 on. */
function hasKVCollection(installed: string | undefined): boolean {
  const [major, minor] = (installed ?? '').split('.').map(Number);
  return major === 3 && minor !== undefined && minor >= 62;
}

/** As many files as tell a project's habits: counting takes as long as parsing. */
const STYLE_FILES = 30;

/** The config and what it led to in the same package, without code of others. */
function styleSources(files: SourceFiles, config: string, root: string): ts.SourceFile[] {
  const own = files
    .parsed()
    .filter(
      ({ fileName }) => fileName.startsWith(root + path.sep) && officialPackage(fileName) === undefined,
    );
  return own
    .sort((one, other) => Number(other.fileName === config) - Number(one.fileName === config))
    .slice(0, STYLE_FILES);
}
