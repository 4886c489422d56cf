/** A project as far as `remove` has to know it: nothing that the config says, or fails to say, keeps it from going. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PayloadKVError } from '../errors.js';
import type { ConfigShape, FileShape } from './config-shape/shape.js';
import { isFile, relativePath } from './file-system.js';
import { findConfig, type InspectOptions } from './find-config.js';
import { readPackageManager, workspaceRoot } from './package-manager.js';
import { findEnvTypes, inspectProject, type Project } from './project.js';
import { tsconfigs } from './tsconfig.js';
import { readWrangler } from './wrangler.js';
import { importsIn } from './written-imports.js';

/** What of a project `remove` needs. */
export interface RemovableProject
  extends Pick<
    Project,
    | 'root'
    | 'configPath'
    | 'configChain'
    | 'packageManager'
    | 'wrangler'
    | 'cloudflareEnvTypes'
    | 'shadowsPackage'
  > {
  configShape: { config: Pick<FileShape, 'path' | 'commonJS'>; wired: ConfigShape['wired'] };
}

/** Errors of a config that is no obstacle: a syntax error, no default export, a Payload of another version. */
const NO_OBSTACLE = new Set(['CONFIG_UNPARSABLE', 'CONFIG_UNREADABLE', 'PAYLOAD_VERSION_UNSUPPORTED']);

/**
 * Reads the project as ever, and where its config cannot be understood, only what lies around it.
 * @throws PayloadKVError `CONFIG_NOT_FOUND`, `SEVERAL_CONFIGS`, `PACKAGE_JSON_UNPARSABLE`, `TSCONFIG_UNPARSABLE`
 */
export function inspectRemovable(options: InspectOptions): RemovableProject {
  try {
    return inspectProject({ ...options, partial: true });
  } catch (error) {
    if (!(error instanceof PayloadKVError) || !NO_OBSTACLE.has(error.code)) throw error;
    return readAround(options);
  }
}

function readAround(options: InspectOptions): RemovableProject {
  const configs = tsconfigs(path.resolve(options.cwd));
  const { config, root } = findConfig(options, configs);
  const relative = (file: string) => relativePath(root, file);
  const text = readFileSync(config, 'utf8');
  const configPath = relative(config);
  const wrapper = importedWrapper(text, config, root);
  const commonJS = /\bmodule\.exports\b|\brequire\s*\(/.test(text) && !/^\s*(?:import|export)\b/m.test(text);
  const wired: ConfigShape['wired'] = { elements: wrapper ? 1 : 0 };
  if (wrapper) {
    const { specifier, file } = wrapper;
    const nowhere = { names: [], typeOnly: false, start: 0, end: 0 };
    wired.import = { ...nowhere, specifier, resolved: relative(file), file: configPath };
  }
  return {
    root,
    configPath,
    configChain: [configPath],
    packageManager: readPackageManager(root).packageManager,
    wrangler: readWrangler(root, workspaceRoot(root)),
    cloudflareEnvTypes: findEnvTypes(root),
    shadowsPackage: configs.bareRoots(path.dirname(config)).includes(path.dirname(config)),
    configShape: { config: { path: configPath, commonJS }, wired },
  };
}

/** The generated wrapper that the config imports, by its path or by an alias of its directory. */
function importedWrapper(
  text: string,
  config: string,
  root: string,
): { specifier: string; file: string } | undefined {
  for (const { specifier } of importsIn(text)) {
    const name = /(?:^|\/)(payload-kv(?:-cache)?)(?:\/index)?(?:\.[cm]?[jt]s)?$/.exec(specifier)?.[1];
    if (name === undefined || /^payload-kv(?:\/|$)/.test(specifier)) continue;
    const beside = path.resolve(path.dirname(config), specifier.slice(0, specifier.lastIndexOf(name)));
    const places = /^\.{1,2}\//.test(specifier)
      ? [beside]
      : [path.dirname(config), path.join(root, 'src'), root];
    const files = places.flatMap((place) =>
      ['ts', 'mts', 'js', 'mjs'].map((extension) => path.join(place, name, `index.${extension}`)),
    );
    const file = files.find(isFile);
    if (file) return { specifier, file };
  }
  return undefined;
}
