import type { CodeStyle } from './code-style.js';
import type { ConfigShape } from './config-shape.js';
import type { ProjectDatabase } from './database.js';
import type { ProjectSchema } from './schema.js';
import type { WranglerConfig } from './wrangler.js';

export type { DatabaseKind, ProjectDatabase } from './database.js';

/** The package manager of the project. */
export type PackageManager = 'npm' | 'pnpm' | 'yarn' | 'bun';

/** A Payload project: what inspection found. Paths are relative to `root`, with forward slashes. */
export interface Project {
  /** Absolute directory of the package that holds the config. */
  root: string;
  /** The config file that Payload loads. */
  configPath: string;
  /** The files from the config to the one that holds the config object, the config first. */
  configChain: string[];
  configShape: ConfigShape;
  schema: ProjectSchema;
  database: ProjectDatabase;
  packageManager: PackageManager;
  /** Absolute directory of the workspace's or the project's lock file. */
  lockFileDir?: string;
  wrangler?: WranglerConfig;
  payloadVersion: {
    /** The version in `node_modules`. */
    installed?: string;
    /** The range of `package.json`; of the catalog for `catalog:`. */
    declared?: string;
  };
  /** The generated types of Payload, if the file exists. */
  typesFile?: string;
  tsconfigPath?: string;
  /** `cloudflare-env.d.ts` or `worker-configuration.d.ts`, if there is one. */
  cloudflareEnvTypes?: string;
  /** `src` where the config lies in it, `app`, …: the directory that holds the config, `.` for the root. */
  sourceDir: string;
  style: CodeStyle;
  /** Parsed `package.json` of `root`. */
  packageJson: Record<string, unknown>;
}

/** Where to look for the project. */
export interface InspectOptions {
  /** Directory to start in. */
  cwd: string;
  /** Path of the config, absolute or relative to `cwd`. Default: searched for. */
  config?: string;
}
