/** Finds and reads the wrangler config of the Payload package. */
import path from 'node:path';
import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser';
import { isFile, readIfThere, relativePath, upwards } from './file-system.js';
import { readWranglerToml } from './wrangler-toml.js';

/** A KV namespace binding of a wrangler config. */
export interface KVNamespaceBinding {
  binding: string;
  /** Absent where the namespace is provisioned at deploy. */
  id?: string;
  previewId?: string;
  /** Whether it is the deployed one from a developer's machine as well. */
  remote?: true;
}

/** A D1 binding of a wrangler config. */
export interface D1Binding {
  binding: string;
  databaseName?: string;
  databaseId?: string;
  /** Whether it is the deployed one from a developer's machine as well. */
  remote?: true;
}

/** A Durable Object binding of a wrangler config. */
export interface DurableObjectBinding {
  name: string;
  className?: string;
  /** The Worker that has the class, where it is another one. */
  scriptName?: string;
}

/** A migration of Durable Object classes. */
export interface WranglerMigration {
  tag?: string;
  /** Classes that begin with it, in SQLite storage or not. */
  newClasses: string[];
}

/** The bindings of one environment: the top level or one `env` block. */
export interface WranglerEnvironment {
  /** Whether the block has a `kv_namespaces` of its own: it is not inherited from the top level. */
  hasKVNamespaces: boolean;
  kvNamespaces: KVNamespaceBinding[];
  d1Databases: D1Binding[];
  durableObjects: DurableObjectBinding[];
  /** Migrations of the block's own; without them an environment has those of the top level. */
  migrations?: WranglerMigration[];
  /** The main module, where the block names one: an environment without has that of the top level. */
  main?: string;
  /** Whether the block declares bindings of any kind, so that a KV binding must be repeated in it. */
  hasBindings: boolean;
}

/** The wrangler config of the Payload package. */
export interface WranglerConfig extends WranglerEnvironment {
  /** Path relative to the project's root, with forward slashes (`../` where it lies outside). */
  path: string;
  format: 'json' | 'jsonc' | 'toml';
  /** The file's text. */
  content: string;
  name?: string;
  /** Environment blocks by name. */
  env: Record<string, WranglerEnvironment>;
  /** `false` where the file has a syntax error: what is read of it may be incomplete, and it must not be edited. */
  valid: boolean;
  /** Whether wrangler runs a command of the config before it reads the main module, `wrangler types` too. */
  runsBuild?: true;
  /** What could not be read, or what wrangler would take instead, in words. */
  warnings: string[];
}

const FORMATS = ['json', 'jsonc', 'toml'] as const;

/** Keys of resources that a block declares and does not inherit. */
const BINDINGS = [
  'ai',
  'analytics_engine_datasets',
  'browser',
  'd1_databases',
  'dispatch_namespaces',
  'durable_objects',
  'hyperdrive',
  'images',
  'kv_namespaces',
  'mtls_certificates',
  'pipelines',
  'queues',
  'r2_buckets',
  'secrets_store_secrets',
  'send_email',
  'services',
  'vectorize',
  'workflows',
];

/** The wrangler config nearest to the package at `root`, as high as `top`; `undefined` where there is none. */
export function readWrangler(root: string, top: string): WranglerConfig | undefined {
  const all = upwards(root);
  const directories = all.slice(0, all.indexOf(top) + 1 || 1);
  const found = directories.flatMap((directory) =>
    FORMATS.map((format) => ({ file: path.join(directory, `wrangler.${format}`), format })).filter(
      ({ file }) => isFile(file),
    ),
  );
  const [nearest] = found;
  if (!nearest) return undefined;
  const relative = (file: string) => relativePath(root, file);
  const content = readIfThere(nearest.file) ?? '';
  const { config, problem } =
    nearest.format === 'toml' ? readWranglerToml(content) : readJson(content, relative(nearest.file));
  const warnings = problem === undefined ? [] : [problem];
  // Wrangler looks for each format up to the root before it looks for the next one.
  const preferred = FORMATS.flatMap((format) => found.filter((each) => each.format === format))[0];
  if (preferred && preferred !== nearest) {
    warnings.push(`wrangler itself takes ${relative(preferred.file)} rather than ${relative(nearest.file)}.`);
  }
  if (isFile(path.join(root, '.wrangler/deploy/config.json'))) {
    warnings.push('.wrangler/deploy/config.json redirects wrangler to a config that a build wrote.');
  }
  const env: Record<string, WranglerEnvironment> = {};
  for (const [name, block] of Object.entries(asRecord(config.env))) env[name] = environment(asRecord(block));
  return {
    path: relative(nearest.file),
    format: nearest.format,
    content,
    name: asText(config.name),
    ...environment(config),
    env,
    valid: problem === undefined,
    ...([config, ...Object.values(asRecord(config.env))].some((block) => 'build' in asRecord(block))
      ? { runsBuild: true as const }
      : {}),
    warnings,
  };
}

function readJson(content: string, file: string): { config: Record<string, unknown>; problem?: string } {
  const errors: ParseError[] = [];
  const config = asRecord(parse(content, errors, { allowTrailingComma: true }));
  const [first] = errors;
  if (!first) return { config };
  const line = content.slice(0, first.offset).split('\n').length;
  return { config, problem: `${file}:${line} is no valid JSON: ${printParseErrorCode(first.error)}.` };
}

function environment(block: Record<string, unknown>): WranglerEnvironment {
  return {
    hasKVNamespaces: Array.isArray(block.kv_namespaces),
    kvNamespaces: asList(block.kv_namespaces).flatMap((entry) => {
      const binding = asText(entry.binding);
      if (binding === undefined) return [];
      return [{ binding, id: asText(entry.id), previewId: asText(entry.preview_id), ...remoteOf(entry) }];
    }),
    d1Databases: asList(block.d1_databases).flatMap((entry) => {
      const binding = asText(entry.binding);
      if (binding === undefined) return [];
      const [databaseName, databaseId] = [asText(entry.database_name), asText(entry.database_id)];
      return [{ binding, databaseName, databaseId, ...remoteOf(entry) }];
    }),
    durableObjects: asList(asRecord(block.durable_objects).bindings).flatMap((entry) => {
      const name = asText(entry.name);
      if (name === undefined) return [];
      return [{ name, className: asText(entry.class_name), scriptName: asText(entry.script_name) }];
    }),
    ...(Array.isArray(block.migrations) ? { migrations: asList(block.migrations).map(migration) } : {}),
    main: asText(block.main),
    hasBindings: BINDINGS.some((key) => {
      const value = block[key];
      if (Array.isArray(value)) return value.length > 0;
      return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
    }),
  };
}

function remoteOf(entry: Record<string, unknown>): { remote?: true } {
  return entry.remote === true || entry.experimental_remote === true ? { remote: true } : {};
}

function migration(entry: Record<string, unknown>): WranglerMigration {
  const classes = [entry.new_sqlite_classes, entry.new_classes].flatMap((list) =>
    Array.isArray(list) ? list : [],
  );
  return { tag: asText(entry.tag), newClasses: classes.filter((name) => typeof name === 'string') };
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function asList(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(asRecord) : [];
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
