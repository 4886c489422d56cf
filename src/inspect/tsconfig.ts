/** The project's tsconfig, as far as finding files needs it: `extends`, `baseUrl`, `paths`, comments and all. */
import path from 'node:path';
import { ts } from 'ts-morph';

/** Reads tsconfig and jsconfig files, each once. */
export interface Tsconfigs {
  /** The options for the files of a directory, and the absolute path of the file that they are from. */
  optionsFor(directory: string): { options: ts.CompilerOptions; configPath?: string };
  /** The absolute paths that an alias of `paths` without a wildcard leads to. */
  aliasTargets(directory: string, alias: string): string[];
  /** The absolute directories in which a name without dots, such as `payload-kv`, is looked up before packages. */
  bareRoots(directory: string): string[];
}

/** Makes a reader of tsconfig files. */
export function tsconfigs(): Tsconfigs {
  const byDirectory = new Map<string, { options: ts.CompilerOptions; configPath?: string }>();
  const byConfig = new Map<string, ts.CompilerOptions>();

  function read(configPath: string): ts.CompilerOptions {
    const known = byConfig.get(configPath);
    if (known) return known;
    // Without files to list: a project may hold many thousands, and only the options matter.
    const host: ts.ParseConfigHost = { ...ts.sys, useCaseSensitiveFileNames: true, readDirectory: () => [] };
    const { config } = ts.readConfigFile(configPath, ts.sys.readFile) as { config?: object };
    const directory = path.dirname(configPath);
    const parsed = ts.parseJsonConfigFileContent(config ?? {}, host, directory, undefined, configPath);
    const options = asBundlersResolve(parsed.options);
    byConfig.set(configPath, options);
    // A tsconfig that only refers to others: one of them has the aliases.
    for (const { path: referred } of options.paths ? [] : (parsed.projectReferences ?? [])) {
      const { paths, baseUrl, pathsBasePath } = read(ts.resolveProjectReferencePath({ path: referred }));
      if (!paths) continue;
      Object.assign(options, { paths, baseUrl, pathsBasePath });
      break;
    }
    return options;
  }

  function optionsFor(directory: string) {
    const known = byDirectory.get(directory);
    if (known) return known;
    const configPath =
      ts.findConfigFile(directory, ts.sys.fileExists, 'tsconfig.json') ??
      ts.findConfigFile(directory, ts.sys.fileExists, 'jsconfig.json');
    const result = configPath
      ? { options: read(configPath), configPath: path.normalize(configPath) }
      : { options: asBundlersResolve({}) };
    byDirectory.set(directory, result);
    return result;
  }

  function aliasTargets(directory: string, alias: string): string[] {
    const { options, configPath } = optionsFor(directory);
    const targets = options.paths?.[alias];
    if (!targets || !configPath) return [];
    const inherited = options.pathsBasePath;
    const base = options.baseUrl ?? (typeof inherited === 'string' ? inherited : path.dirname(configPath));
    return targets.map((target) => path.resolve(base, target));
  }

  return {
    optionsFor,
    aliasTargets,
    bareRoots(directory) {
      const { baseUrl } = optionsFor(directory).options;
      const wildcards = aliasTargets(directory, '*').filter((target) => path.basename(target) === '*');
      return [
        ...(baseUrl === undefined ? [] : [path.normalize(baseUrl)]),
        ...wildcards.map((it) => path.dirname(it)),
      ];
    },
  };
}

/** What runs Payload (Next, tsx, vite) resolves as bundlers do, whatever the project's own setting. */
function asBundlersResolve(options: ts.CompilerOptions): ts.CompilerOptions {
  return {
    ...options,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    allowJs: true,
    resolveJsonModule: true,
    allowImportingTsExtensions: true,
    preserveSymlinks: false,
  };
}
